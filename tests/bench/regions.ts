/**
 * What many items cost: a list through splitter → transform → collector, and loops, at 1,000 and 10,000 items. Tokens
 * alive and memory have to stay bounded, time and statements have to grow with the items and no faster.
 *
 * @module
 */
import { EngineClient, type EngineTransport, postgresTransport, Worker } from "../../shared/engine/mod.ts";
import type { Graph } from "../../shared/graph/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { createFlow, createTenant, localProviders, startRun } from "../helpers/engine.ts";
import { startPostgres, type TestDatabase, withDatabase } from "../helpers/postgres.ts";

const node = (id: string, type: string, config: Record<string, unknown> = {}) => ({ id, type, data: { config } });
const edge = (source: string, target: string, sourceHandle?: string) => ({
  id: `${source}-${target}-${sourceHandle ?? ""}`,
  source,
  target,
  ...(sourceHandle !== undefined && { sourceHandle }),
});
const double = node("double", "action.transform", {
  operations: [{ op: "set", fields: { n: "{{ item * 2 }}" } }],
});

const FLOWS: Record<string, Graph> = {
  "splitter, 10 at once": splitter(10),
  "splitter, 100 at once": splitter(100),
  "foreach": {
    nodes: [
      node("start", "trigger.manual"),
      node("loop", "logic.loop.foreach", { items: "{{ trigger.list }}" }),
      double,
    ],
    edges: [edge("start", "loop"), edge("loop", "double", "body"), edge("double", "loop")],
  } as unknown as Graph,
};

function splitter(maxParallel: number): Graph {
  return {
    nodes: [
      node("start", "trigger.manual"),
      node("split", "logic.splitter", { items: "{{ trigger.list }}", maxParallel }),
      double,
      node("collect", "logic.collector"),
    ],
    edges: [edge("start", "split"), edge("split", "double"), edge("double", "collect")],
  } as unknown as Graph;
}

/** Runs the benchmark: `deno task bench regions [--items=1000,10000]`. */
export async function main(args: string[]): Promise<void> {
  const sizes = (args.find((arg) => arg.startsWith("--items="))?.slice(8) ?? "1000,10000").split(",").map(Number);
  const server = await startPostgres({ private: true, durable: true });
  console.log("| flow | items | ms | ms an item | calls an item | most tokens | WAL B an item | heap MiB |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  try {
    await withDatabase(async (db) => {
      await db.sql`select engine.ensure_partitions()`;
      const tenant = await createTenant(db);
      for (const [name, graph] of Object.entries(FLOWS)) {
        const flow = await createFlow(db, tenant, graph);
        await measure(db, await startRun(db, tenant, flow, { list: [1] }));
        for (const size of sizes) {
          const list = Array.from({ length: size }, (_, index) => index);
          const found = await measure(db, await startRun(db, tenant, flow, { list }));
          const cells = [found.ms.toFixed(0), (found.ms / size).toFixed(2), (found.calls / size).toFixed(3)];
          console.log(
            `| ${name} | ${size} | ${cells.join(" | ")} | ${found.mostTokens} | ${(found.wal / size).toFixed(0)} | ${
              (found.heap / 2 ** 20).toFixed(0)
            } |`,
          );
        }
      }
    }, { server, connections: 2 });
  } finally {
    await server.stop();
  }
}

async function measure(db: TestDatabase, runId: string) {
  const inner = await postgresTransport(db.url, { connections: 2 });
  let calls = 0;
  const transport: EngineTransport = {
    call(name, callArgs) {
      calls++;
      return inner.call(name, callArgs);
    },
    close: () => inner.close(),
  };
  const walPosition = async () => (await db.sql`select pg_current_wal_insert_lsn() as at`)[0]?.["at"];
  const before = await walPosition();
  let mostTokens = 0;
  let heap = 0;
  const watch = setInterval(() => {
    heap = Math.max(heap, Deno.memoryUsage().heapUsed);
    void db.sql`select count(*)::int as count from public.job_queue where run_id = ${runId}`.then(([row]) => {
      mostTokens = Math.max(mostTokens, row?.["count"]);
    });
  }, 25);
  const started = performance.now();
  const worker = new Worker({
    client: new EngineClient(transport),
    providers: localProviders(),
    log: createLog("bench"),
    kind: "worker",
    concurrency: 32,
  });
  await worker.drain({ idleMs: 0, budgetMs: 600_000 });
  const ms = performance.now() - started;
  clearInterval(watch);
  const [run] = await db.sql`select status, error from public.runs where id = ${runId}`;
  if (run?.["status"] !== "completed") {
    throw new Error(`The run ended ${run?.["status"]}: ${JSON.stringify(run?.["error"])}`);
  }
  const [{ wal } = { wal: 0 }] = await db.sql`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), ${before}::pg_lsn)::float8 as wal`;
  await inner.close();
  return { ms, calls, mostTokens, wal: wal as number, heap };
}

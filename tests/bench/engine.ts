/**
 * What a step costs: statements (calls from the worker to Postgres), row writes and WAL bytes, which are the same on
 * every machine, and how fast it goes, which is not.
 *
 * The effect of an effect node is an email through a provider that answers at once, so that the engine is measured and
 * not a network. Postgres runs with its default durability.
 *
 * @module
 */
import { cpuOf, cpuOfPostgres, parentOf } from "./_cpu.ts";
import {
  EngineClient,
  type EngineTransport,
  InlineRunner,
  postgresTransport,
  Worker,
} from "../../shared/engine/mod.ts";
import type { Graph, GraphNode } from "../../shared/graph/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import type { Providers } from "../../shared/providers/mod.ts";
import { createFlow, createTenant, localProviders, type Tenant } from "../helpers/engine.ts";
import { startPostgres, type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { dataApiTransport } from "./_data_api.ts";

const STEPS = 10;
const CONCURRENCY = [1, 8, 32];

/** One line of the table. */
interface Row {
  scenario: string;
  transport: string;
  atOnce: number;
  runs: number;
  statementsPerStep: number;
  rowsPerStep: number;
  walPerStep: number;
  /** Milliseconds of processor time, of Postgres and of this process (the worker, or all that serves a webhook). */
  postgresCpu: number;
  ownCpu: number;
  stepsPerSecond: number;
  runsPerSecond: number;
  p50: number;
  p95: number;
}

/** Runs the benchmark: `deno task bench engine [--runs=N] [--transport=postgres|postgrest]`. */
export async function main(args: string[]): Promise<void> {
  const option = (name: string) => args.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1];
  const runs = Number(option("runs") ?? 400);
  const only = option("transport");
  const server = await startPostgres({ private: true, durable: true });
  const rows: Row[] = [];
  try {
    for (const transport of ["postgres", "postgrest"].filter((name) => only === undefined || name === only)) {
      await withDatabase(async (db) => {
        const setting = await prepare(db);
        // Once before it counts: stored plans, catalog.
        for (const name of Object.keys(SCENARIOS)) await measure(setting, name, transport, 8, 20);
        for (const name of Object.keys(SCENARIOS)) {
          for (const atOnce of CONCURRENCY) {
            rows.push(await measure(setting, name, transport, atOnce, atOnce === 1 ? Math.ceil(runs / 4) : runs));
          }
        }
      }, { server, connections: 1 });
    }
  } finally {
    await server.stop();
  }
  print(rows);
}

interface Bench {
  db: TestDatabase;
  tenant: Tenant;
  providers: Providers;
  flows: Record<string, string>;
  endpointId: string;
  /** Opened for each measurement and closed before its counters are read: a session reports what it wrote when it ends. */
  client: EngineClient;
  calls: { count: number };
}

/** Does `runs` runs, `atOnce` at a time. */
type Scenario = (bench: Bench, runs: number, atOnce: number) => Promise<Outcome>;

/** What a scenario did. */
interface Outcome {
  steps: number;
  /** Milliseconds that each run waited. */
  latencies: number[];
  /** Milliseconds at the end that belong to no run. */
  lingered?: number;
}

const SCENARIOS: Record<string, Scenario> = {
  "10 pure": (bench, runs, atOnce) => runChain(bench, "pure", runs, atOnce),
  "10 effects": (bench, runs, atOnce) => runChain(bench, "effects", runs, atOnce),
  "webhook → 1 step": runWebhooks,
};

async function prepare(db: TestDatabase): Promise<Omit<Bench, "client" | "calls">> {
  await db.sql`select engine.ensure_partitions()`;
  const tenant = await createTenant(db);
  const providers: Providers = {
    ...localProviders(),
    email: { name: "bench", send: () => Promise.resolve({ id: "1" }) },
  };
  const flows = {
    pure: await createFlow(db, tenant, chain("trigger.manual", Array.from({ length: STEPS }, transformNode))),
    effects: await createFlow(db, tenant, chain("trigger.manual", Array.from({ length: STEPS }, emailNode))),
    webhook: await createFlow(db, tenant, chain("trigger.webhook", [emailNode(0, 0)])),
  };
  const [endpoint] = await db.as(
    "authenticated",
    tenant.user.claims,
    (sql) => sql`select public.create_webhook_endpoint(${flows.webhook}, 'bench', 'custom') as endpoint`,
  );
  return { db, tenant, providers, flows, endpointId: endpoint?.endpoint.id };
}

/** A transport that counts its calls. */
async function connect(db: TestDatabase, name: string) {
  const inner = name === "postgres" ? await postgresTransport(db.url, { connections: 4 }) : await dataApiTransport(db);
  const calls = { count: 0 };
  const transport: EngineTransport = {
    call(name, args) {
      calls.count++;
      return inner.call(name, args);
    },
    close: () => inner.close(),
  };
  return { client: new EngineClient(transport), calls };
}

function transformNode(_: unknown, index: number): GraphNode {
  return {
    id: `n${index}`,
    type: "action.transform",
    data: { config: { operations: [{ op: "set", fields: { n: index, from: "{{ trigger.n }}" } }] } },
  };
}

function emailNode(_: unknown, index: number): GraphNode {
  const config = { to: ["ada@example.com"], subject: "Step {{ trigger.n }}", text: "Hello" };
  return { id: `n${index}`, type: "communication.email", data: { config } };
}

function chain(trigger: string, nodes: GraphNode[]): Graph {
  const all = [{ id: "start", type: trigger }, ...nodes];
  return {
    nodes: all,
    edges: nodes.map((node, index) => ({ id: `e${index}`, source: all[index]!.id, target: node.id })),
  };
}

async function runChain(bench: Bench, flow: string, runs: number, atOnce: number) {
  const input = JSON.stringify({ n: 1 });
  await bench.db.sql`
    select private.create_run(f, 'manual', ${input}::text::jsonb)
    from public.flows f, generate_series(1, ${runs}) where f.id = ${bench.flows[flow]!}`;
  const worker = new Worker({
    client: bench.client,
    providers: bench.providers,
    log: createLog("engine"),
    kind: "worker",
    concurrency: atOnce,
  });
  await worker.drain({ idleMs: 0, pollMs: 1 });
  const rows = await bench.db.sql<{ ms: number }[]>`
    select extract(epoch from finished_at - started_at)::float8 * 1000 as ms
    from public.runs where flow_id = ${bench.flows[flow]!} and status = 'completed' order by id desc limit ${runs}`;
  if (rows.length !== runs) throw new Error(`Only ${rows.length} of ${runs} runs completed`);
  return { steps: runs * STEPS, latencies: rows.map((row) => row.ms) };
}

async function runWebhooks(bench: Bench, runs: number, atOnce: number) {
  const runner = new InlineRunner({ client: bench.client, providers: bench.providers, log: createLog("engine") });
  const latencies: number[] = [];
  const rawBody = new TextEncoder().encode(JSON.stringify({ id: "evt", amount: 100 }));
  let idle = Promise.resolve();
  let next = 0;
  const deliver = async () => {
    while (next++ < runs) {
      const started = performance.now();
      const begun = await runner.start((workerId) =>
        bench.client.ingestWebhook({
          endpointId: bench.endpointId,
          eventKey: crypto.randomUUID(),
          type: "bench",
          method: "POST",
          headers: { "content-type": "application/json" },
          query: {},
          rawBody,
          dedupeBody: false,
          input: { body: { id: "evt", amount: 100 } },
        }, workerId)
      );
      latencies.push(performance.now() - started);
      idle = begun.idle;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, deliver));
  for (;;) {
    const [row] = await bench.db.sql`
      select count(*)::int as open from public.runs where flow_id = ${bench.flows.webhook!} and finished_at is null`;
    if (row?.open === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // The lease is kept a second longer than it is needed; the connection has to outlive that.
  const ended = performance.now();
  await idle;
  return { steps: runs, latencies, lingered: performance.now() - ended };
}

/** What Postgres has written, and the processor time (s) that it and this process have used. */
interface Counters {
  rows: number;
  wal: number;
  postgresCpu: number;
  ownCpu: number;
}

/** Counters of what Postgres has written. */
async function counters(db: TestDatabase): Promise<Counters> {
  // Sessions that have just ended are still reporting.
  await new Promise((resolve) => setTimeout(resolve, 200));
  await db.sql`select pg_stat_force_next_flush()`;
  const [row] = await db.sql<{ pid: number; rows: number; wal: number }[]>`
    select pg_backend_pid() as pid, (select sum(n_tup_ins + n_tup_upd + n_tup_del)::float8 from pg_stat_user_tables) as rows,
      pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as wal`;
  const { pid = 0, rows = 0, wal = 0 } = row ?? {};
  return { rows, wal, postgresCpu: cpuOfPostgres(parentOf(pid)), ownCpu: cpuOf([Deno.pid]) };
}

async function measure(
  setting: Omit<Bench, "client" | "calls">,
  scenario: string,
  transport: string,
  atOnce: number,
  runs: number,
): Promise<Row> {
  const bench: Bench = { ...setting, ...await connect(setting.db, transport) };
  const before = await counters(bench.db);
  const started = performance.now();
  const { steps, latencies, lingered = 0 } = await SCENARIOS[scenario]!(bench, runs, atOnce);
  const seconds = (performance.now() - started - lingered) / 1000;
  const statements = bench.calls.count;
  await bench.client.close();
  const after = await counters(bench.db);
  latencies.sort((a, b) => a - b);
  return {
    scenario,
    transport,
    atOnce,
    runs,
    statementsPerStep: statements / steps,
    rowsPerStep: (after.rows - before.rows) / steps,
    walPerStep: (after.wal - before.wal) / steps,
    postgresCpu: (after.postgresCpu - before.postgresCpu) * 1000 / steps,
    ownCpu: (after.ownCpu - before.ownCpu) * 1000 / steps,
    stepsPerSecond: steps / seconds,
    runsPerSecond: runs / seconds,
    p50: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
    p95: latencies[Math.floor(latencies.length * 0.95)] ?? 0,
  };
}

function print(rows: Row[]): void {
  console.log(`
Statements are the worker's calls to Postgres; rows, WAL and processor time include starting and ending the run. Latency: a chain's run
from its claim to its end, a webhook until it is acknowledged.

| scenario | transport | at once | runs | statements/step | rows/step | WAL B/step | Postgres ms/step | own ms/step | steps/s | runs/s | p50 ms | p95 ms |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |`);
  for (const row of rows) {
    const cells = [
      row.scenario,
      row.transport,
      row.atOnce,
      row.runs,
      row.statementsPerStep.toFixed(3),
      row.rowsPerStep.toFixed(2),
      Math.round(row.walPerStep),
      row.postgresCpu.toFixed(3),
      row.ownCpu.toFixed(3),
      Math.round(row.stepsPerSecond),
      Math.round(row.runsPerSecond),
      row.p50.toFixed(1),
      row.p95.toFixed(1),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

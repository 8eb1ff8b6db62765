/**
 * What a worker itself costs, without Postgres: CPU time a job and a token, as the process measures it and as the worker
 * reckons it. The worker hands over by what it reckons, since an edge function can not measure.
 *
 * @module
 */
import process from "node:process";
import { FakeQueue } from "../helpers/fake_queue.ts";
import { EngineClient, postgresTransport, Worker, type WorkerOptions } from "../../shared/engine/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { createJobRunner } from "../../shared/jobs/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { createFlow, createTenant, localProviders, startRun } from "../helpers/engine.ts";
import { draw, set } from "../helpers/flows.ts";
import { withDatabase } from "../helpers/postgres.ts";

const LOG = createLog("bench");

/** Runs the benchmark: `deno task bench worker [--rounds=5]`. */
export async function main(args: string[]): Promise<void> {
  const rounds = Number(args.find((arg) => arg.startsWith("--rounds="))?.slice(9) ?? 5);
  console.log("| work | pieces | a second | CPU µs a piece | reckoned µs a piece | claims |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: |");
  await report("no-op jobs, queue in memory", 100_000, rounds, () => {
    const queue = new FakeQueue();
    queue.enqueue(100_000, "system.noop", { n: 1 });
    return Promise.resolve(queue.client());
  });
  await report("jobs of 4 KiB, queue in memory", 20_000, rounds, () => {
    const queue = new FakeQueue();
    queue.enqueue(20_000, "system.noop", { text: "x".repeat(4_096) });
    return Promise.resolve(queue.client());
  });
  await withDatabase(async (db) => {
    const client = new EngineClient(await postgresTransport(db.url, { connections: 3 }));
    await report("no-op jobs, Postgres", 20_000, rounds, async () => {
      for (let batch = 0; batch < 20; batch++) {
        await client.enqueueJobs(Array.from({ length: 1_000 }, (_, n) => ({ type: "system.noop", payload: { n } })));
      }
      return client;
    });
    const tenant = await createTenant(db);
    const graph = draw({ t: ["trigger.manual"], a: set({ n: 1 }), b: set({ n: 2 }), c: set({ n: 3 }) }, "t>a>b>c");
    const flow = await createFlow(db, tenant, graph);
    await report("runs of three nodes, Postgres", 200, rounds, async () => {
      for (let run = 0; run < 200; run++) await startRun(db, tenant, flow);
      return client;
    });
    await client.close();
  });
}

/** Drains what `prepare` makes, several times, and prints the medians. */
async function report(name: string, count: number, rounds: number, prepare: () => Promise<EngineClient>) {
  const results: { rate: number; cpu: number; reckoned: number; claims: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const client = await prepare();
    const providers = localProviders();
    const options: WorkerOptions = {
      client,
      providers,
      log: LOG,
      kind: "worker",
      jobs: createJobRunner({ env: {} as Env, providers, log: LOG }),
    };
    const [startedAt, used] = [performance.now(), process.cpuUsage()];
    const { jobs, settled, claims, cpuMs } = await new Worker(options).drain({ idleMs: 0, pollMs: 1 });
    const { user, system } = process.cpuUsage(used);
    if (jobs + settled !== count) throw new Error(`${jobs + settled} of ${count} pieces of work were done`);
    const rate = count / (performance.now() - startedAt) * 1_000;
    results.push({ rate, cpu: (user + system) / count, reckoned: cpuMs * 1_000 / count, claims });
  }
  const median = (of: (result: (typeof results)[number]) => number) =>
    results.map(of).toSorted((a, b) => a - b)[results.length >> 1] ?? 0;
  const cells = [
    name,
    count,
    Math.round(median(({ rate }) => rate)),
    median(({ cpu }) => cpu).toFixed(1),
    median(({ reckoned }) => reckoned).toFixed(1),
    median(({ claims }) => claims),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}

/**
 * What a worker does with jobs, on a queue in memory. Tokens are in tests/integration/engine_test.ts.
 *
 * @module
 */
import { z } from "zod";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import type { Env } from "../env/mod.ts";
import { type AnyJob, createJobRunner, defineJob, type JobContext, JobRegistry } from "../jobs/mod.ts";
import { AppError } from "../errors/mod.ts";
import { createLog } from "../log/mod.ts";
import type { Providers } from "../providers/mod.ts";
import { FakeQueue, type FakeQueueOptions } from "../../tests/helpers/fake_queue.ts";
import { until } from "../../tests/helpers/until.ts";
import type { DrainOptions, WorkerOptions } from "./worker_options.ts";
import { Worker } from "./worker.ts";

const QUICK: DrainOptions = { idleMs: 0, pollMs: 5 };

/** A worker of `queue` whose jobs do what `run` says. */
function workerOf(
  queue: FakeQueue,
  run: (context: JobContext, payload: unknown) => unknown = () => null,
  options: Partial<WorkerOptions> & { definition?: Partial<AnyJob> } = {},
): Worker {
  const { definition, ...rest } = options;
  const type: AnyJob = {
    ...defineJob({ type: "test.job", summary: "A test.", payload: z.unknown(), run: () => null }),
    ...definition,
    run: (payload, context) => run(context, payload),
  };
  const log = createLog("test");
  const registry = new JobRegistry([[type.type, () => Promise.resolve(type)]]);
  const jobs = createJobRunner({ env: {} as Env, providers: {} as Providers, log, registry });
  return new Worker({ client: queue.client(), providers: {} as Providers, log, kind: "worker", jobs, ...rest });
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("a worker drains jobs in batches: few claims, few finishes", async () => {
  const queue = new FakeQueue({ callMs: 1 });
  queue.enqueue(5_000);
  const report = await workerOf(queue).drain(QUICK);
  assertEquals([report.jobs, report.lost, report.more, queue.settled.length], [5_000, 0, false, 5_000]);
  assert(report.claims < 40, `${report.claims} claims`);
  assert((queue.calls["finish_jobs"] ?? 0) < 40);
  assertEquals(new Set(queue.settled.map(({ job }) => job)).size, 5_000);
});

Deno.test("a worker has so many jobs at work at once as it was told", async () => {
  const queue = new FakeQueue();
  queue.enqueue(40);
  let [now, most] = [0, 0];
  await workerOf(queue, async () => {
    most = Math.max(most, ++now);
    await rest(2);
    now--;
  }, { concurrency: 5, batch: 20 }).drain(QUICK);
  assertEquals([most, queue.settled.length], [5, 40]);
});

Deno.test("a worker whose jobs wait does more and more of them at once", async () => {
  const queue = new FakeQueue();
  queue.enqueue(2_000);
  const worker = workerOf(queue, () => rest(20));
  await worker.drain(QUICK);
  assertEquals(queue.settled.length, 2_000);
  assert(worker.concurrency > 16, String(worker.concurrency));
});

Deno.test("a job that is asked to stop stops, and its progress is told", async () => {
  const queue = new FakeQueue();
  const [stopped, other] = queue.enqueue(2);
  const bothAreTold = () => new Set(queue.reports.flat().map(({ job }) => job)).size === 2;
  const drained = workerOf(queue, async ({ progress, signal, jobId }) => {
    progress({ done: 1 });
    progress({ done: 2 });
    if (jobId === other?.job) return await until(bothAreTold);
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  }, { reportMs: 10 }).drain(QUICK);
  await until(bothAreTold);
  queue.toCancel.add(stopped?.job ?? "");
  await drained;
  assertEquals(
    queue.reports.flat().filter(({ progress }) => progress !== undefined).slice(0, 2).map(({ progress }) => progress),
    [
      { done: 2 },
      { done: 2 },
    ],
  );
  const outcomes = new Map(queue.settled.map(({ job, outcome }) => [job, outcome]));
  assertEquals([outcomes.get(stopped?.job ?? ""), outcomes.get(other?.job ?? "")], ["cancelled", "completed"]);
});

Deno.test("a worker that holds only short jobs reports nothing", async () => {
  const queue = new FakeQueue();
  queue.enqueue(100);
  await workerOf(queue, () => rest(2), { reportMs: 1 }).drain(QUICK);
  assertEquals(queue.calls["report_jobs"], undefined);
});

Deno.test("a worker that goes lets jobs end, writes them, and gives back those that do not", async () => {
  const queue = new FakeQueue();
  const [quick, slow] = queue.enqueue(2);
  let aborted = false;
  const worker = workerOf(queue, async ({ jobId, signal }) => {
    if (jobId === quick?.job) return await rest(20);
    signal.addEventListener("abort", () => aborted = true);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const drained = worker.drain({ ...QUICK, idleMs: 1_000 });
  await until(() => queue.leased.size === 2);
  await rest(5);
  const report = await worker.close(60);
  assertEquals(queue.settled.map(({ job }) => job), [quick?.job]);
  assertEquals([report.jobs, report.more, aborted, queue.waiting.map(({ job }) => job)], [1, true, true, [slow?.job]]);
  await drained;
});

Deno.test("a worker whose lease is lost aborts what it does and writes nothing of it", async () => {
  const queue = new FakeQueue();
  queue.isLeaseKept = false;
  queue.enqueue(3);
  const aborted: unknown[] = [];
  const report = await workerOf(queue, async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    aborted.push(signal.reason);
  }, { heartbeatMs: 10 }).drain({ ...QUICK, idleMs: 5_000 });
  assertEquals([aborted.length, queue.settled.length, report.jobs], [3, 0, 0]);
});

Deno.test("a worker that does not know what a claim brought takes no more and lets the lease go", async () => {
  const queue = new FakeQueue({
    onCall(name) {
      if (name === "claim_jobs" && queue.calls["claim_jobs"] === 2) throw new AppError("timeout");
    },
  });
  queue.enqueue(16);
  const report = await workerOf(queue).drain({ ...QUICK, idleMs: 1_000 });
  assertEquals([report.jobs, report.claims], [16, 2]);
});

Deno.test("jobs that use up the CPU time are handed over before the platform ends the isolate", async () => {
  const queue = new FakeQueue();
  queue.enqueue(300);
  const busy = (): void => {
    const end = performance.now() + 4;
    while (performance.now() < end);
  };
  const workers: number[] = [];
  for (let more = true; more && workers.length < 40;) {
    const report = await workerOf(queue, busy).drain({ ...QUICK, cpuBudgetMs: 150 });
    // As many jobs of 4 ms as fit, and one more. Nobody can say at most how many ms: others may hold the machine meanwhile.
    assert(report.jobs <= 38 && (!report.more || report.cpuMs >= 150), `${report.jobs} jobs, ${report.cpuMs} ms`);
    workers.push(report.jobs);
    more = report.more;
  }
  // What one had not begun the next one did, and nothing was done twice or counted as an attempt.
  assertEquals([queue.settled.length, queue.leased.size], [300, 0]);
  assert(workers.length >= 7, workers.join());
  assert(queue.settled.every(({ outcome }) => outcome === "completed"));
});

Deno.test("a worker with a long row of short jobs leaves the event loop its breaks", async () => {
  const queue = new FakeQueue();
  queue.enqueue(400);
  let turns = 0;
  const ticker = setInterval(() => turns++, 1);
  await workerOf(queue, () => {
    const end = performance.now() + 1;
    while (performance.now() < end);
  }, { concurrency: 400 }).drain(QUICK);
  clearInterval(ticker);
  assert(turns >= 20, `${turns} turns`);
});

/** Eight workers that rest, and what they do when jobs come one by one. */
async function burst(options: FakeQueueOptions, drain: DrainOptions) {
  const queue = new FakeQueue({ callMs: 1, ...options });
  const waits: number[] = [];
  const made = new Map<string, number>();
  const stop = new AbortController();
  const workers = Array.from({ length: 8 }, () =>
    workerOf(queue, ({ jobId }) => {
      waits.push(performance.now() - (made.get(jobId) ?? 0));
    }));
  const drained = workers.map((worker) => worker.drain({ idleMs: 60_000, signal: stop.signal, ...drain }));
  await until(() => queue.idle.size === 8);
  await rest(50);
  const before = queue.calls["claim_jobs"] ?? 0;
  for (let count = 0; count < 1_000; count++) {
    for (const { job } of queue.enqueue(1)) made.set(job, performance.now());
    if (count % 10 === 0) await rest(1);
  }
  await until(() => queue.settled.length === 1_000);
  const claims = (queue.calls["claim_jobs"] ?? 0) - before;
  stop.abort();
  await Promise.all(drained);
  waits.sort((a, b) => a - b);
  return { claims, longest: waits.at(-1) ?? 0, p95: waits[949] ?? 0 };
}

Deno.test("workers that are told of work do not storm: 8 of them, 1,000 jobs one by one", async () => {
  const { claims, p95, longest } = await burst({ canListen: true }, {});
  console.log(`claims ${claims}, wait p95 ${p95.toFixed(1)} ms, longest ${longest.toFixed(1)} ms`);
  assert(claims <= 1_200, `${claims} claims`);
  // No job waits for a poll, which comes once a second.
  assert(longest < 900, `${longest} ms`);
});

Deno.test("workers that nobody can tell find work by asking", async () => {
  const { claims } = await burst({}, { pollMs: 20 });
  assert(claims <= 2_500, `${claims} claims`);
});

import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { AppError } from "../errors/mod.ts";
import type { Json } from "../graph/mod.ts";
import { createLog } from "../log/mod.ts";
import { EngineClient } from "./client.ts";
import { FinishQueue, type FinishQueueOptions } from "./finish_queue.ts";
import type { JobSettlement, QueuedJob } from "./job_types.ts";

type Answer = (sent: JobSettlement[], call: number) => string[] | Promise<string[]>;

/** A queue whose calls are answered by `answer` with the ids that were settled. */
function queueOf(answer: Answer, options: Partial<FinishQueueOptions> = {}) {
  const calls: string[][] = [];
  const finished = { written: 0, lost: 0, doubts: 0 };
  const outcomes = new Map<string, string>();
  const client = new EngineClient({
    async call(_name, args) {
      const sent = args["p_results"] as unknown as JobSettlement[];
      calls.push(sent.map(({ job }) => job));
      const settled = await answer(sent, calls.length);
      for (const { job, outcome } of sent) if (settled.includes(job)) outcomes.set(job, outcome);
      return { settled } as Json;
    },
    close: () => Promise.resolve(),
  });
  const queue = new FinishQueue(client, "worker", {
    log: createLog("test"),
    onFinished(written, lost) {
      finished.written += written;
      finished.lost += lost;
    },
    onDoubt: () => finished.doubts++,
    patienceMs: 500,
    ...options,
  });
  return { queue, calls, finished, outcomes };
}

const done = (job: string, result?: Json, lease = "l"): JobSettlement => ({
  lease,
  job,
  outcome: "completed",
  ...(result !== undefined && { result }),
});
function queuedJob(fields: Pick<QueuedJob, "job" | "lease">): QueuedJob {
  return { type: "test.job", organization_id: "o", payload: null, attempt: 1, max_attempts: 8, ...fields };
}

const all: Answer = (sent) => sent.map(({ job }) => job);

async function written(queue: FinishQueue): Promise<void> {
  while (queue.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

Deno.test("FinishQueue writes together what ended together, two calls at once", async () => {
  let open = 0;
  let most = 0;
  const { queue, calls, finished } = queueOf(async (sent, call) => {
    most = Math.max(most, ++open);
    await new Promise((resolve) => setTimeout(resolve, 20));
    open--;
    return all(sent, call);
  });
  for (const job of ["a", "b", "c"]) queue.push(done(job, 1, "l1"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (const job of ["d", "e"]) queue.push(done(job, 1, "l2"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (const job of ["f", "g"]) queue.push(done(job, 1, "l3"));
  await written(queue);
  assertEquals(calls, [["a", "b", "c"], ["d", "e"], ["f", "g"]]);
  assertEquals([most, finished], [2, { written: 7, lost: 0, doubts: 0 }]);
});

Deno.test("FinishQueue waits a moment for the rest of a lease, and never has two calls about one", async () => {
  let release = (): void => {};
  const { queue, calls } = queueOf(async (sent, call) => {
    if (call === 2) await new Promise<void>((resolve) => release = resolve);
    return all(sent, call);
  });
  const push = (job: string) => queue.push(done(job, 1, "l"));
  queue.expect(["a", "b", "c", "d", "e"].map((job) => queuedJob({ job, lease: "l" })));
  push("a");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(calls, []);
  push("b");
  while (queue.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(calls, [["a", "b"]], "not whole: written together, later");
  push("c");
  while (calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  push("d");
  push("e");
  await new Promise((resolve) => setTimeout(resolve, 60));
  assertEquals(calls.length, 2, "the lease is on its way");
  release();
  await written(queue);
  assertEquals(calls, [["a", "b"], ["c"], ["d", "e"]]);
});

Deno.test("FinishQueue keeps its calls below a number of results and of bytes", async () => {
  const { queue, calls } = queueOf(all, { maxBatch: 3, maxCalls: 1 });
  for (const job of ["a", "b", "c", "d"]) queue.push(done(job));
  await written(queue);
  assertEquals(calls, [["a", "b", "c"], ["d"]]);
  const large = queueOf(all, { maxCalls: 1 });
  for (const job of ["a", "b", "c"]) large.queue.push(done(job, "x".repeat(1_900_000)));
  assert(large.queue.characters > 5_700_000);
  await written(large.queue);
  assertEquals([large.calls, large.queue.characters], [[["a", "b"], ["c"]], 0]);
});

Deno.test("FinishQueue tells how many jobs had been lost", async () => {
  const { queue, finished } = queueOf(() => ["a"]);
  for (const job of ["a", "b", "c"]) queue.push(done(job));
  await written(queue);
  assertEquals(finished, { written: 1, lost: 2, doubts: 0 });
});

Deno.test("FinishQueue repeats a call that got no answer; what the repetition misses need not be lost", async () => {
  const { queue, calls, finished } = queueOf((_, call) => {
    if (call < 3) throw new AppError("service_unavailable");
    return [];
  });
  queue.push(done("a"));
  await written(queue);
  assertEquals([calls.length, finished], [3, { written: 0, lost: 0, doubts: 0 }]);
});

Deno.test("FinishQueue lets the lease go when Postgres stays away", async () => {
  const { queue, finished } = queueOf(() => {
    throw new AppError("timeout");
  }, { patienceMs: 20 });
  queue.push(done("a"));
  await written(queue);
  assertEquals(finished, { written: 0, lost: 1, doubts: 1 });
});

Deno.test("FinishQueue gives up a job whose result Postgres refuses, and no other", async () => {
  const { queue, calls, finished, outcomes } = queueOf((sent, call) => {
    if (sent.some(({ job, result }) => job === "bad" && result !== undefined)) throw new AppError("internal");
    return all(sent, call);
  });
  for (const job of ["a", "bad", "c", "d"]) queue.push(done(job, 1));
  await written(queue);
  assertEquals(Object.fromEntries(outcomes), { a: "completed", bad: "failed", c: "completed", d: "completed" });
  assertEquals([finished.written, finished.doubts], [4, 0]);
  assert(calls.length <= 7);
});

Deno.test("FinishQueue names a lease instead of its jobs when all of them completed without a result", async () => {
  const sent: unknown[] = [];
  const client = new EngineClient({
    call(_name, args) {
      const results = args["p_results"] as unknown as (JobSettlement & { lease: string })[];
      sent.push(results.map(({ lease, job, keep }) => job ?? `${lease}${keep ? ", kept" : ""}`));
      return Promise.resolve({
        settled: results.flatMap(({ job }) => job ?? []),
        leases: results.flatMap(({ job, lease }) => job === undefined ? lease : []),
      });
    },
    close: () => Promise.resolve(),
  });
  let count = 0;
  const queue = new FinishQueue(client, "worker", {
    log: createLog("test"),
    onFinished: (written) => count += written,
    onDoubt() {},
  });
  const job = (lease: string, id: string, fields: Partial<JobSettlement> = {}): JobSettlement => ({
    ...done(id),
    lease,
    keep: false,
    ...fields,
  });
  queue.expect(
    ["a1", "a2", "b1", "b2", "c1", "c2", "c3", "d1", "d2"].map((id) => queuedJob({ job: id, lease: `lease ${id[0]}` })),
  );
  queue.push(job("lease a", "a1"));
  queue.push(job("lease b", "b1", { keep: true }));
  queue.push(job("lease a", "a2"));
  queue.push(job("lease b", "b2"));
  queue.push(job("lease c", "c1"));
  await written(queue);
  for (const id of ["c2", "c3"]) queue.push(job("lease c", id));
  await written(queue);
  for (const id of ["d1", "d2"]) queue.push(job("lease d", id, { keep: true }));
  await written(queue);
  // Of b only one is kept; of c one was written before, and the rest are all that it holds.
  assertEquals(sent, [["lease a", "b1", "b2"], ["c1"], ["lease c"], ["lease d, kept"]]);
  assertEquals(count, 9);
});

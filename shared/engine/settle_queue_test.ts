import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { AppError } from "../errors/mod.ts";
import type { Json } from "../graph/mod.ts";
import { EngineClient } from "./client.ts";
import { SettleQueue } from "./settle_queue.ts";
import type { Job, JobResult } from "./types.ts";

interface Sent {
  job: string;
  epoch: number;
}

/** A queue whose calls are answered by `answer`; what was sent stands in `calls`, job ids and epochs. */
function queueOf(answer: (sent: Sent[], call: number) => Json | Promise<Json>, patienceMs = 1_000) {
  const calls: string[][] = [];
  const doubts: number[] = [];
  const kept: Job[] = [];
  const client = new EngineClient({
    call(_name, args) {
      const sent = args.p_results as unknown as Sent[];
      calls.push(sent.map(({ job, epoch }) => `${job}${epoch}`));
      return Promise.resolve(answer(sent, calls.length));
    },
    close: () => Promise.resolve(),
  });
  const queue = new SettleQueue(client, "worker", {
    onJobs: (jobs) => kept.push(...jobs),
    onDoubt: () => doubts.push(calls.length),
    patienceMs,
  });
  return { queue, calls, doubts, kept };
}

function result(job: string, epoch = 1): JobResult {
  return {
    job: {
      job,
      epoch,
      type: "flow.step",
      organization_id: "o",
      run_id: "r",
      attempt: 1,
      deadline_ms: 1_000,
      trigger: "manual",
      started_at: "2026-01-01T00:00:00Z",
      flow_id: "f",
      flow_version_id: "v",
      input: null,
      outputs: {},
      recorded: null,
    },
    steps: [],
    hold: true,
  };
}

const allSettled = (sent: Sent[]): Json => ({ settled: sent.map(({ job }) => job), jobs: [] });

const WRITTEN = { written: true, parked: false };

Deno.test("SettleQueue gathers results while a call is under way", async () => {
  let release = () => {};
  const first = new Promise<void>((resolve) => release = resolve);
  const { queue, calls } = queueOf(async (sent, call) => {
    if (call === 1) await first;
    return allSettled(sent);
  });
  const a = queue.settle(result("a"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const others = [queue.settle(result("b")), queue.settle(result("c"))];
  release();
  assertEquals(await Promise.all([a, ...others]), [WRITTEN, WRITTEN, WRITTEN]);
  assertEquals(calls, [["a1"], ["b1", "c1"]]);
});

Deno.test("SettleQueue tells what was lost, and the older of two claims of one job is", async () => {
  const { queue } = queueOf(() => ({ settled: ["a"], jobs: [] }));
  const settled = await Promise.all([
    queue.settle(result("a", 1)),
    queue.settle(result("a", 2)),
    queue.settle(result("b")),
  ]);
  assertEquals(settled.map(({ written }) => written), [false, true, false]);
});

Deno.test("SettleQueue repeats a call that got no answer, and says that it is in doubt", async () => {
  const { queue, calls, doubts } = queueOf((sent, call) => {
    if (call < 3) throw new AppError("service_unavailable");
    return allSettled(sent);
  });
  assertEquals(await queue.settle(result("a")), WRITTEN);
  assertEquals([calls, doubts], [[["a1"], ["a1"], ["a1"]], [1, 2]]);
});

Deno.test("SettleQueue gives up when nobody answers for too long", async () => {
  const { queue } = queueOf(() => {
    throw new AppError("service_unavailable");
  }, 50);
  await assertRejects(() => queue.settle(result("a")), AppError);
});

Deno.test("SettleQueue settles one by one when Postgres refuses a batch, so that one bad result harms itself only", async () => {
  const { queue, calls, doubts } = queueOf((sent) => {
    if (sent.some(({ job }) => job === "bad")) throw new AppError("internal");
    return allSettled(sent);
  });
  const outcomes = await Promise.allSettled([
    queue.settle(result("a")),
    queue.settle(result("bad")),
    queue.settle(result("c")),
  ]);
  assertEquals(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assertEquals(calls, [["a1", "bad1", "c1"], ["a1"], ["bad1"], ["c1"]]);
  assertEquals(doubts, []);
});

Deno.test("SettleQueue hands over the tokens that the call leased to the worker", async () => {
  const { job } = result("next");
  const { queue, kept } = queueOf((sent) => ({
    settled: sent.map((entry) => entry.job),
    jobs: [job as unknown as Json],
  }));
  await queue.settle(result("a"));
  assertEquals(kept.map((entry) => entry.job), ["next"]);
});

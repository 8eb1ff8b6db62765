import { z } from "zod";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { PLATFORM_ID } from "../engine/mod.ts";
import { notFound } from "../errors/mod.ts";
import type { Json } from "../graph/mod.ts";
import { NodeError } from "../providers/mod.ts";
import { type AnyJob, defineJob, type JobContext } from "./define_job.ts";
import { JobError, NonRetryable } from "./job_error.ts";
import { isRunning, NO_HOOKS, queuedJob, runnerOf, runToEnd } from "./_testing.ts";

/** A type that does what the test says. */
function typeOf(run: (context: JobContext, payload: unknown) => unknown, fields: Partial<AnyJob> = {}): AnyJob {
  return {
    ...defineJob({ type: "test.job", summary: "A test", payload: z.unknown(), run: () => null }),
    ...fields,
    run: (p, c) => run(c, p),
  };
}

async function settle(type: AnyJob, fields: Parameters<typeof queuedJob>[1] = {}) {
  return await runToEnd(runnerOf([type]), queuedJob("test.job", fields));
}

Deno.test("a job that completes gives its result, and says what is kept of it", async () => {
  const done = await settle(typeOf(() => ({ sent: 3 })));
  assertEquals([done?.outcome, done?.result, done?.keep], ["completed", { sent: 3 }, undefined]);
  const later = await settle(typeOf(async () => await Promise.resolve("x"), { keep: "failures" }));
  assertEquals([later?.outcome, later?.result, later?.keep], ["completed", "x", false]);
  assertEquals((await settle(typeOf(() => {})))?.result, undefined);
});

Deno.test("a job whose type is loaded and that waits for nothing ends without a promise", async () => {
  const runner = runnerOf([typeOf(() => 1)]);
  assert(isRunning(runner.start(queuedJob("test.job"), NO_HOOKS)));
  await new Promise((resolve) => setTimeout(resolve, 1));
  assert(!isRunning(runner.start(queuedJob("test.job"), NO_HOOKS)));
});

Deno.test("an unknown type and a payload that does not fit become dead letters at once", async () => {
  const unknown = await runToEnd(runnerOf([]), queuedJob("no.such", { attempt: 1 }));
  assertEquals([unknown?.outcome, unknown?.error?.code], ["failed", "unknown_job_type"]);
  const strict = defineJob({
    type: "test.job",
    summary: "A test",
    payload: z.strictObject({ n: z.int() }),
    run: ({ n }) => n + 1,
  });
  const bad = await settle(strict, { payload: { n: "1" } });
  assertEquals([bad?.outcome, bad?.error?.code], ["failed", "invalid_payload"]);
  assertEquals((bad?.error?.details as { issues: { path: string }[] }).issues[0]?.path, "n");
  assertEquals((await settle(strict, { payload: { n: 1 } }))?.result, 2);
  for (const type of ["__proto__", "constructor", "toString"]) {
    assertEquals((await runToEnd(runnerOf([]), queuedJob(type)))?.error?.code, "unknown_job_type");
  }
});

Deno.test("a failure is tried again with backoff and jitter until the attempts are used up", async () => {
  const type = typeOf(() => Promise.reject(new JobError("Not yet", { code: "not_yet" })), {
    retry: { minMs: 1_000, factor: 3, maxMs: 5_000 },
  });
  const outcomes = [];
  for (const attempt of [1, 2, 3]) outcomes.push(await settle(type, { attempt }));
  assertEquals(outcomes.map((each) => each?.delay_ms), [750, 2_250, 3_750]);
  assertEquals(outcomes.map((each) => each?.outcome), ["retry", "retry", "retry"]);
  assertEquals(outcomes[0]?.error, { code: "not_yet", message: "Not yet" });
  assertEquals((await settle(type, { attempt: 8 }))?.outcome, "failed");
  assertEquals((await settle({ ...type, maxAttempts: 2 }, { attempt: 2 }))?.outcome, "failed");
  assertEquals((await settle({ ...type, maxAttempts: 20 }, { attempt: 8 }))?.outcome, "failed");
});

Deno.test("what the other side asked for with Retry-After is waited for", async () => {
  const polite = await settle(typeOf(() => {
    throw new JobError("Later", { retryAfterSeconds: 90 });
  }));
  assertEquals(polite?.delay_ms, 90_000);
  const node = await settle(typeOf(() => {
    throw new NodeError("Busy", { code: "provider_error", retryable: true, retryAfterSeconds: 7 });
  }));
  assertEquals([node?.outcome, node?.delay_ms, node?.error?.code], ["retry", 7_000, "provider_error"]);
});

Deno.test("what no attempt will mend is dead at once", async () => {
  const dead = await settle(typeOf(() => {
    throw new NonRetryable("The address is not valid", { code: "bad_address", details: { field: "to" } });
  }));
  assertEquals([dead?.outcome, dead?.error], ["failed", {
    code: "bad_address",
    message: "The address is not valid",
    details: { field: "to" },
  }]);
  const node = await settle(typeOf(() => {
    throw new NodeError("No", { code: "provider_error" });
  }));
  assertEquals(node?.outcome, "failed");
});

Deno.test("only errors made for people say their own words", async () => {
  const secret = await settle(typeOf(() => {
    throw new Error("postgres://user:hunter2@db refused");
  }));
  assertEquals([secret?.outcome, secret?.error?.code], ["retry", "internal"]);
  assert(!JSON.stringify(secret).includes("hunter2"));
  const app = await settle(typeOf(() => {
    throw notFound("flow");
  }));
  assertEquals(app?.error, { code: "not_found", message: "No such flow" });
});

Deno.test("a result must be JSON of at most 256 KiB; otherwise the job is dead, since its work is done", async () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  for (
    const [value, code] of [["x".repeat(262_145), "result_too_large"], [cycle, "invalid_result"], [
      1n,
      "invalid_result",
    ]]
  ) {
    const settled = await settle(typeOf(() => value));
    assertEquals([settled?.outcome, settled?.error?.code], ["failed", code as string]);
  }
  assertEquals((await settle(typeOf(() => "x".repeat(262_142))))?.outcome, "completed");
  assertEquals((await settle(typeOf(() => "a\0b")))?.result, "a\uFFFDb");
});

Deno.test("a job that takes too long is told to stop, and tried again", async () => {
  let reason: unknown;
  const slow = typeOf((context) =>
    new Promise((_, reject) => {
      context.signal.addEventListener("abort", () => {
        reason = context.signal.reason;
        reject(reason);
      });
    }), { timeoutMs: 20 });
  const settled = await settle(slow);
  assertEquals([settled?.outcome, settled?.error?.code], ["retry", "job_timeout"]);
  assertEquals((reason as DOMException).name, "TimeoutError");
  // One that does not listen is not waited for either.
  const deaf = Promise.withResolvers<void>();
  assertEquals((await settle(typeOf(() => deaf.promise, { timeoutMs: 20 })))?.error?.code, "job_timeout");
  deaf.resolve();
});

Deno.test("a job that somebody asked to stop is cancelled; one that is lost or given back settles nothing", async () => {
  for (const [reason, outcome] of [["cancelled", "cancelled"], ["lost", undefined], ["closing", undefined]] as const) {
    let aborted = false;
    const runner = runnerOf([typeOf(({ signal }) =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () => {
          aborted = true;
          resolve(1);
        })
      )
    )]);
    const running = runner.start(queuedJob("test.job"), NO_HOOKS);
    assert(isRunning(running));
    await new Promise((resolve) => setTimeout(resolve, 1));
    running.stop(reason);
    assertEquals((await running.done)?.outcome, outcome);
    assert(aborted);
  }
  // Before its type is loaded.
  const running = runnerOf([typeOf(() => 1)]).start(queuedJob("test.job"), NO_HOOKS);
  assert(isRunning(running));
  running.stop("cancelled");
  assertEquals((await running.done)?.outcome, "cancelled");
});

Deno.test("a job knows who it is, and tells how far it is until it ends", async () => {
  const seen: Json[] = [];
  let late = (_value: Json): void => {};
  const type = typeOf(({ progress, attempt, isLastAttempt, organizationId }) => {
    progress({ done: 1 });
    progress("x".repeat(5_000));
    late = progress;
    return [attempt, isLastAttempt, organizationId];
  });
  const job = queuedJob("test.job", { organization_id: PLATFORM_ID, attempt: 8 });
  const settled = await runToEnd(runnerOf([type]), job, { onProgress: (_, progress) => void seen.push(progress) });
  late({ done: 2 });
  assertEquals(settled?.result, [8, true, null]);
  assertEquals(seen, [{ done: 1 }]);
});

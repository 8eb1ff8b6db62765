import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { startTimeLimit } from "./time_limit.ts";

Deno.test("startTimeLimit() aborts when the time is up, and says so", async () => {
  const limit = startTimeLimit(new AbortController().signal, 1);
  await assertRejects(() => limit.aborted, DOMException, "The time is up");
  assertEquals([limit.isOver, limit.signal.aborted], [true, true]);
});

Deno.test("startTimeLimit() aborts with the outer signal, before and after it began", async () => {
  const outer = new AbortController();
  const limit = startTimeLimit(outer.signal, 60_000);
  outer.abort(new Error("gone"));
  await assertRejects(() => limit.aborted, Error, "gone");
  assertEquals([limit.isOver, limit.signal.aborted], [false, true]);
  const late = startTimeLimit(outer.signal, 60_000);
  await assertRejects(() => late.aborted, Error, "gone");
});

Deno.test("startTimeLimit() keeps nothing once it is released", () => {
  const outer = new AbortController();
  const limit = startTimeLimit(outer.signal, 60_000);
  limit.release();
  outer.abort();
  // The sanitizer of this test would find the timer.
  assert(!limit.signal.aborted);
});

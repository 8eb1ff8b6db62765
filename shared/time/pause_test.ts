import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { pause } from "./mod.ts";

Deno.test("pause() waits, and ends at once with the reason of its signal", async () => {
  const { signal } = new AbortController();
  const began = performance.now();
  await pause(20, signal);
  assert(performance.now() - began >= 15);
  const controller = new AbortController();
  const waiting = pause(60_000, controller.signal);
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await assertRejects(() => pause(60_000, AbortSignal.abort(new Error("before"))), Error, "before");
  assertEquals(signal.aborted, false);
});

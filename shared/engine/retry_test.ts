import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import type { RetryPolicy } from "../graph/mod.ts";
import { retryDelay } from "./retry.ts";

const POLICY: RetryPolicy = {
  maxAttempts: 4,
  backoff: "exponential",
  delaySeconds: 2,
  maxDelaySeconds: 5,
  jitter: false,
};
const FAILURE = { code: "http_error", retryable: true };

Deno.test("retryDelay() doubles up to the longest delay, then gives up", () => {
  assertEquals([1, 2, 3, 4].map((attempt) => retryDelay(POLICY, attempt, FAILURE, 0)), [2000, 4000, 5000, null]);
});

Deno.test("retryDelay() stays the same with a fixed backoff", () => {
  assertEquals(retryDelay({ ...POLICY, backoff: "fixed" }, 3, FAILURE, 0), 2000);
});

Deno.test("retryDelay() never retries what the node calls final, unless the policy names it", () => {
  const final = { code: "provider_error", retryable: false };
  assertEquals(retryDelay(POLICY, 1, final, 0), null);
  assertEquals(retryDelay({ ...POLICY, retryOn: ["provider_error"] }, 1, final, 0), 2000);
  assertEquals(retryDelay({ ...POLICY, retryOn: ["provider_error"] }, 1, FAILURE, 0), null);
});

Deno.test("retryDelay() with jitter lies between nothing and the full delay", () => {
  for (const random of [0, 0.5, 0.999]) {
    const delay = retryDelay({ ...POLICY, jitter: true }, 1, FAILURE, random)!;
    assert(delay >= 0 && delay <= 2000, `${delay}`);
    assertEquals(delay, Math.round(2000 * random));
  }
});

Deno.test("retryDelay() waits at least as long as the other side asked, a day at most", () => {
  assertEquals(retryDelay(POLICY, 1, { ...FAILURE, retryAfterSeconds: 30 }, 0), 30_000);
  assertEquals(retryDelay(POLICY, 1, { ...FAILURE, retryAfterSeconds: 1e9 }, 0), 86_400_000);
});

import { assertEquals } from "../../tests/helpers/assert.ts";
import { LocalLimiter } from "./mod.ts";

const options = { limit: 60, windowSeconds: 60, burst: 3, name: "address" };

Deno.test("LocalLimiter.take() lets the burst pass, then one with each interval", () => {
  const limiter = new LocalLimiter(options);
  const passed = (now: number, count: number) =>
    Array.from({ length: count }, () => limiter.take("a", now)).filter(({ allowed }) => allowed).length;
  assertEquals([passed(0, 10), passed(999, 10), passed(1000, 10), passed(100_000, 10)], [3, 0, 1, 3]);
});

Deno.test("LocalLimiter.take() says what is left, and how long to wait", () => {
  const limiter = new LocalLimiter(options);
  const expected = { name: "address", limit: 3, window_seconds: 3 };
  const first = { ...expected, allowed: true, remaining: 2, reset_seconds: 1, retry_after_seconds: 0, warning: false };
  assertEquals(limiter.take("a", 5), first);
  limiter.take("a", 5);
  limiter.take("a", 5);
  const { allowed, remaining, retry_after_seconds, warning } = limiter.take("a", 5);
  assertEquals([allowed, remaining, retry_after_seconds, warning], [false, 0, 1, true]);
  assertEquals(limiter.take("b", 5), first, "clients do not share a bucket");
});

Deno.test("LocalLimiter.take() remembers so many clients and no more", () => {
  const limiter = new LocalLimiter({ ...options, burst: 1, maxClients: 2 });
  for (const client of ["a", "b", "a", "c"]) limiter.take(client, 0);
  assertEquals(limiter.take("a", 0).allowed, false, "it came last but one");
  assertEquals(limiter.take("b", 0).allowed, true, "it was forgotten");
});

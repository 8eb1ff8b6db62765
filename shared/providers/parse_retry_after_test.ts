import { assertEquals } from "../../tests/helpers/assert.ts";
import { parseRetryAfter } from "./parse_retry_after.ts";

const NOW = new Date("2026-11-20T12:00:00Z");

Deno.test("parseRetryAfter() reads seconds and HTTP dates", () => {
  assertEquals(parseRetryAfter("120", NOW), 120);
  assertEquals(parseRetryAfter(" 0 ", NOW), 0);
  assertEquals(parseRetryAfter("Fri, 20 Nov 2026 12:01:30 GMT", NOW), 90);
  assertEquals(parseRetryAfter("Fri, 20 Nov 2026 11:00:00 GMT", NOW), 0);
});

Deno.test("parseRetryAfter() believes a day at most", () => {
  assertEquals(parseRetryAfter("9999999999", NOW), 86_400);
  assertEquals(parseRetryAfter("Fri, 20 Nov 2099 12:00:00 GMT", NOW), 86_400);
});

Deno.test("parseRetryAfter() ignores what makes no sense", () => {
  for (const value of [undefined, "", "-1", "1.5", "soon", "2026-11-20", "99999999999999", "120abc"]) {
    assertEquals(parseRetryAfter(value, NOW), null);
  }
});

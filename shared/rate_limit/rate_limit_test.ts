import { assertEquals } from "../../tests/helpers/assert.ts";
import { rateLimitError, rateLimitHeaders } from "./mod.ts";

const rate = {
  allowed: true,
  limit: 100,
  window_seconds: 60,
  remaining: 50,
  reset_seconds: 30,
  retry_after_seconds: 0,
};

Deno.test("rateLimitHeaders() writes policy and state as the draft's structured fields", () => {
  assertEquals(rateLimitHeaders(rate, "default"), {
    "RateLimit-Policy": '"default";q=100;w=60',
    "RateLimit": '"default";r=50;t=30',
  });
});

Deno.test("rateLimitHeaders() names the bucket that decided and warns near its end", () => {
  assertEquals(rateLimitHeaders({ ...rate, name: "organization", remaining: 20, warning: true }, "read"), {
    "RateLimit-Policy": '"organization";q=100;w=60',
    "RateLimit": '"organization";r=20;t=30',
    "X-RateLimit-Warning": '"organization" has 20 of 100 requests left',
  });
});

Deno.test("rateLimitError() is the 429 with Retry-After in whole seconds, at least one", () => {
  assertEquals(rateLimitError(rate), undefined);
  const error = rateLimitError({ ...rate, allowed: false, retry_after_seconds: 0.2 });
  assertEquals([error?.code, error?.headers["Retry-After"]], ["rate_limited", "1"]);
});

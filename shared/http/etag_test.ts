import { Hono } from "hono";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { isAppError } from "../errors/mod.ts";
import { etag, isNotModified, readIdempotencyKey, readIfMatch } from "./mod.ts";
import type { Context } from "hono";

/** What `read` makes of a request with these headers; the code when it throws. */
async function on(headers: Record<string, string>, read: (c: Context) => unknown): Promise<unknown> {
  const app = new Hono().get("/", (c) => {
    try {
      return c.json({ value: read(c) });
    } catch (error) {
      return c.json({ value: isAppError(error) ? error.code : "?" });
    }
  });
  return (await (await app.request("/", { headers })).json() as { value: unknown }).value;
}

Deno.test("readIfMatch() reads the version of our own tags, weakened by a proxy too", async () => {
  assertEquals(etag(7), '"v7"');
  for (const header of ['"v7"', 'W/"v7"', ' "v7" ']) assertEquals(await on({ "if-match": header }, readIfMatch), 7);
  assertEquals(await on({}, readIfMatch), null);
  assertEquals(await on({ "if-match": "*" }, readIfMatch), null);
});

Deno.test("readIfMatch() finds that a foreign tag matches nothing, and refuses lists", async () => {
  for (const header of ["v7", '"7"', '"abc"', '"v-1"', '"v1e3"', `"v${"9".repeat(30)}"`]) {
    assertEquals(await on({ "if-match": header }, readIfMatch), "version_mismatch", header);
  }
  assertEquals(await on({ "if-match": '"v1", "v2"' }, readIfMatch), "invalid_request");
});

Deno.test("isNotModified() compares weakly, in lists too", async () => {
  const check = (header: string) => on({ "if-none-match": header }, (c) => isNotModified(c, etag(2)));
  assertEquals([await check('"v2"'), await check('W/"v2"'), await check('"v1", "v2"'), await check("*")], [
    true,
    true,
    true,
    true,
  ]);
  assertEquals([await check('"v1"'), await check('"v22"'), await check("v2")], [false, false, false]);
  assertEquals(await on({}, (c) => isNotModified(c, etag(2))), false);
});

Deno.test("readIdempotencyKey() takes keys bare or quoted and refuses malformed ones", async () => {
  const check = (header: string) => on({ "idempotency-key": header }, readIdempotencyKey);
  assertEquals(await on({}, readIdempotencyKey), null);
  assertEquals(await check("8e03978e-40d5-43dd-bc93-6894a57f9324"), "8e03978e-40d5-43dd-bc93-6894a57f9324");
  assertEquals(await check('"8e03978e"'), "8e03978e");
  assertEquals(await check("k".repeat(255)), "k".repeat(255));
  for (const header of ["", '""', "a b", "k".repeat(256), 'a"b', '"a', "ä", "a\\b"]) {
    assertEquals(await check(header), "invalid_request", header);
  }
});

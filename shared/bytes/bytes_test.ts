import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { fromBase64Url, macKey, toBase64, toBase64Url, toHex } from "./mod.ts";

const BYTES = Uint8Array.from([0, 15, 251, 255, 254]);

Deno.test("toHex(), toBase64() and toBase64Url() write the same bytes three ways", () => {
  assertEquals([toHex(BYTES), toBase64(BYTES), toBase64Url(BYTES)], ["000ffbfffe", "AA/7//4=", "AA_7__4"]);
});

Deno.test("toBase64() takes bodies that would not fit into the arguments of one call", () => {
  const large = new Uint8Array(1_000_000).fill(65);
  assertEquals(atob(toBase64(large)), "A".repeat(large.length));
});

Deno.test("fromBase64Url() reads one spelling only", () => {
  assertEquals(fromBase64Url("AA_7__4"), BYTES);
  for (const text of ["AA_7__5", "AA/7//4", "AA_7__4=", "A", " AA_7__4", "ä"]) assertEquals(fromBase64Url(text), null);
});

Deno.test("macKey() gives each secret and each purpose a key of its own, and the same one again", async () => {
  const sign = async (secret: string, purpose: string) =>
    toHex(new Uint8Array(await crypto.subtle.sign("HMAC", await macKey(secret, purpose), BYTES)));
  const one = await sign("secret", "a v1");
  assertEquals(await sign("secret", "a v1"), one);
  assert(await sign("secret", "b v1") !== one);
  assert(await sign("other", "a v1") !== one);
});

import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { type AuditPublicKey, auditSigners, isSignedBy, netstrings, readNetstrings, requestProof } from "./mod.ts";
import type { Env } from "../env/mod.ts";

Deno.test("netstrings() tells null from empty, counts bytes, and is read back", () => {
  const fields = ["a", "", null, "Zoë", "1:a,", "\u{1f984}"];
  const text = netstrings(...fields);
  assertEquals(text, "1:a,0:,:,4:Zoë,4:1:a,,4:\u{1f984},");
  assertEquals(readNetstrings(text), fields);
  for (const bad of ["1:ab,", "01:a,", "1;a,", "5:a,", "-1:a,", "x", "1:a"]) assertEquals(readNetstrings(bad), null);
});

Deno.test("a key is derived from the secret key, the same every time, another for another secret", async () => {
  const idOf = async (secret: string) =>
    (await auditSigners({ secretKeys: { default: secret }, auditKeys: null } as unknown as Env))[0]!.id;
  assertEquals(await idOf("sb_secret_a"), await idOf("sb_secret_a"));
  assert(await idOf("sb_secret_a") !== await idOf("sb_secret_b"));
});

Deno.test("isSignedBy() believes no key of small order", async () => {
  const key: AuditPublicKey = { kty: "OKP", crv: "Ed25519", x: "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
  const signature = new Uint8Array(64);
  signature[0] = 1;
  assert(!await isSignedBy(key, signature, "anything"));
});

Deno.test("requestProof() covers id, address and agent", async () => {
  const facts = { requestId: "r", ip: "192.0.2.1", agent: "a" };
  const proof = await requestProof("secret", facts);
  assertEquals(proof.length, 64);
  assertEquals(proof, await requestProof("secret", { ...facts }));
  for (const other of [{ requestId: "s" }, { ip: "192.0.2.2" }, { agent: "b" }]) {
    assert(proof !== await requestProof("secret", { ...facts, ...other }));
  }
});

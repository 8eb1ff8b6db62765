import { assert, assertEquals, assertNotEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { testEnv } from "../../tests/helpers/http.ts";
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, jwtVerify } from "jose";
import { generateApiKey, hashApiKey, isApiKey, keyToken } from "./mod.ts";

const KEY = {
  id: crypto.randomUUID(),
  organizationId: crypto.randomUUID(),
  mode: "live",
  scopes: ["flows:read"],
} as const;

Deno.test("generateApiKey() makes keys of 190 random bits with a checksum", async () => {
  const seen = new Set<string>();
  for (let n = 0; n < 200; n++) {
    const key = await generateApiKey(n % 2 === 0 ? "live" : "test");
    assert(/^mr_(live|test)_[0-9A-Za-z]{38}$/.test(key.text));
    assert(isApiKey(key.text));
    assertEquals([key.prefix, key.lastFour], [key.text.slice(0, 12), key.text.slice(-4)]);
    assertEquals(key.hash, await hashApiKey(key.text));
    seen.add(key.text);
  }
  assertEquals(seen.size, 200);
});

Deno.test("generateApiKey() prefers no digit", async () => {
  const counts = new Map<string, number>();
  for (let n = 0; n < 2_000; n++) {
    for (const digit of (await generateApiKey("live")).text.slice(8, 40)) {
      counts.set(digit, (counts.get(digit) ?? 0) + 1);
    }
  }
  assertEquals(counts.size, 62);
  // 64,000 digits: 1,032 each, give or take six standard deviations.
  for (const [digit, count] of counts) assert(Math.abs(count - 1_032) < 192, `${digit}: ${count}`);
});

Deno.test("isApiKey() knows a key of which one character is wrong", async () => {
  // CRC-32 of the text before it, as zlib and Python's binascii.crc32 give it, in base62.
  assert(isApiKey("mr_live_00000000000000000000000000000000CRC".replace("CRC", crcOfZeros())));
  const { text } = await generateApiKey("live");
  for (let place = 0; place < text.length; place++) {
    const other = text[place] === "A" ? "B" : "A";
    assert(!isApiKey(text.slice(0, place) + other + text.slice(place + 1)), `${place}`);
  }
  for (
    const wrong of [
      "",
      "mr_",
      text.slice(0, -1),
      `${text}A`,
      ` ${text}`,
      text.replace("live", "test"),
      text.toLowerCase(),
    ]
  ) {
    if (wrong !== text) assert(!isApiKey(wrong), wrong);
  }
});

Deno.test("keyToken() signs a minute for the key, and gives it again while it is good", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...await exportJWK(publicKey), kid: "ours", alg: "ES256" };
  // As `supabase gen signing-key` writes it.
  const signing = {
    ...await exportJWK(privateKey),
    kid: "ours",
    alg: "ES256",
    use: "sig",
    key_ops: ["sign", "verify"],
  };
  const env = testEnv({
    SUPABASE_JWKS: JSON.stringify({ keys: [jwk] }),
    MILLRACE_SIGNING_KEY: JSON.stringify([signing]),
  });
  const token = await keyToken(env, KEY);
  assertEquals(decodeProtectedHeader(token), { alg: "ES256", kid: "ours", typ: "JWT" });
  const { payload } = await jwtVerify(token, await importJWK(jwk), { audience: "authenticated" });
  assertEquals([payload.sub, payload.role, payload.exp! - payload.iat!], [KEY.id, "authenticated", 60]);
  assertEquals<unknown>(payload.millrace, { key: KEY.id, org: KEY.organizationId, scopes: KEY.scopes, mode: "live" });
  assertEquals(await keyToken(env, KEY), token);
  const other = await keyToken(env, { ...KEY, scopes: [] });
  assertNotEquals(other, token);
  assertEquals(decodeJwt<{ millrace: { scopes: string[] } }>(other).millrace.scopes, []);
});

Deno.test("keyToken() says when there is nothing to sign with", async () => {
  const error = await assertRejects(() => keyToken(testEnv({ MILLRACE_SIGNING_KEY: undefined }), KEY));
  assertEquals((error as { code?: string }).code, "keys_not_set_up");
});

/** The checksum of `mr_live_` and 32 zeros, worked out bit by bit. */
function crcOfZeros(): string {
  let crc = 0xffffffffn;
  for (const byte of new TextEncoder().encode("mr_live_" + "0".repeat(32))) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0xedb88320n : crc >> 1n;
  }
  let rest = crc ^ 0xffffffffn;
  let text = "";
  for (let place = 0; place < 6; place++) {
    text = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text;
}

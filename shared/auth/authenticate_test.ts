import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { signJwt, TEST_KEYS, TEST_USER_ID, testEnv } from "../../tests/helpers/http.ts";
import type { Env } from "../env/mod.ts";
import { AppError } from "../errors/mod.ts";
import { authenticate, type Caller, generateApiKey, keyToken } from "./mod.ts";

const env = testEnv();

function who(headers: Record<string, string>, as: Env = env): Promise<Caller> {
  return authenticate(new Headers(headers), as);
}

async function refuse(headers: Record<string, string>, as: Env = env): Promise<AppError> {
  const error = await assertRejects(() => who(headers, as), AppError);
  assertEquals([error.code, error.headers["WWW-Authenticate"]], ["unauthorized", 'Bearer realm="millrace"']);
  return error;
}

Deno.test("authenticate() takes no credential and the publishable key for nobody", async () => {
  const { publishable } = TEST_KEYS;
  for (
    const headers of [
      {},
      { apikey: publishable },
      { Authorization: `Bearer ${publishable}` },
      // As supabase-js sends it while nobody is signed in.
      { apikey: publishable, Authorization: `Bearer ${publishable}` },
      { apikey: "", Authorization: "" },
    ]
  ) assertEquals(await who(headers), { kind: "anonymous" });
});

Deno.test("authenticate() takes an access token for its user, with any key of the project beside it", async () => {
  const jwt = await signJwt();
  for (const apikey of [undefined, TEST_KEYS.publishable, TEST_KEYS.secret]) {
    const caller = await who({ ...(apikey === undefined ? {} : { apikey }), Authorization: `Bearer ${jwt}` });
    assert(caller.kind === "user");
    assertEquals([caller.userId, caller.jwt, caller.claims.role], [TEST_USER_ID, jwt, "authenticated"]);
  }
  assertEquals((await who({ Authorization: `bearer  ${jwt}` })).kind, "user");
});

Deno.test("authenticate() takes a secret key in either header and tells its name", async () => {
  const secret = { kind: "secret", keyName: "default" };
  assertEquals<unknown>(await who({ apikey: TEST_KEYS.secret }), secret);
  assertEquals<unknown>(await who({ Authorization: `Bearer ${TEST_KEYS.secret}` }), secret);
  assertEquals<unknown>(await who({ apikey: TEST_KEYS.secret, Authorization: `Bearer ${TEST_KEYS.secret}` }), secret);
  assertEquals<unknown>(
    await who({ apikey: TEST_KEYS.secret, Authorization: `Bearer ${TEST_KEYS.publishable}` }),
    secret,
  );
  assertEquals<unknown>(await who({ apikey: TEST_KEYS.cron }), { kind: "secret", keyName: "cron" });
});

Deno.test("authenticate() refuses a credential that does not hold, whatever stands beside it", async () => {
  const jwt = await signJwt();
  const good = { apikey: TEST_KEYS.secret, Authorization: `Bearer ${jwt}` };
  for (
    const headers of [
      { apikey: "sb_secret_wrong" },
      { apikey: "sb_publishable_wrong" },
      { apikey: `${TEST_KEYS.secret}x` },
      { apikey: TEST_KEYS.secret.slice(0, -1) },
      { apikey: "nonsense" },
      { apikey: jwt },
      { apikey: "x".repeat(10_000) },
      { Authorization: "Bearer sb_secret_wrong" },
      { Authorization: "Bearer nonsense" },
      { Authorization: "Bearer" },
      { Authorization: "Bearer a b" },
      { Authorization: `Basic ${btoa("a:b")}` },
      { Authorization: jwt },
      { Authorization: `Bearer ${"x".repeat(10_000)}` },
      { Authorization: `Bearer ${jwt}.${jwt}` },
      { Authorization: "Bearer mr_live_0123456789012345678901" },
      { "x-api-key": "mr_live_0123456789012345678901" },
      { "x-api-key": "nonsense" },
    ]
  ) {
    await refuse(headers);
    await refuse({ ...good, ...headers });
  }
});

const REFUSED_CLAIMS: [name: string, claims: Record<string, unknown>][] = [
  ["an expired token", { exp: Math.floor(Date.now() / 1000) - 1 }],
  ["a token without an end", { exp: undefined }],
  ["a token from the future", { nbf: Math.floor(Date.now() / 1000) + 600 }],
  ["another audience", { aud: "anon" }],
  ["no audience", { aud: undefined }],
  ["another issuer", { iss: "https://other.test/auth/v1" }],
  ["an issuer that only begins like ours", { iss: "http://project.test/auth/v1/x" }],
  ["the role service_role", { role: "service_role" }],
  ["the role anon", { role: "anon" }],
  ["no role", { role: undefined }],
  ["no subject", { sub: undefined }],
  ["a subject that is no uuid", { sub: "1 or 1=1" }],
];

for (const [name, claims] of REFUSED_CLAIMS) {
  Deno.test(`authenticate() refuses ${name}`, async () => {
    await refuse({ Authorization: `Bearer ${await signJwt(claims)}` });
  });
}

Deno.test("authenticate() says that an expired token has expired, and nothing else about any", async () => {
  const expired = await refuse({ Authorization: `Bearer ${await signJwt({ exp: 1 })}` });
  assertEquals(expired.detail, "The access token has expired");
  const other = await refuse({ Authorization: `Bearer ${await signJwt({ aud: "x" })}` });
  assertEquals(other.detail, "The access token is not valid");
});

Deno.test("authenticate() accepts a token without issuer, and an issuer on this machine for a stack on http", async () => {
  assertEquals((await who({ Authorization: `Bearer ${await signJwt({ iss: undefined })}` })).kind, "user");
  const local = { Authorization: `Bearer ${await signJwt({ iss: "http://127.0.0.1:54321/auth/v1" })}` };
  assertEquals((await who(local)).kind, "user");
  await refuse(local, testEnv({ SUPABASE_URL: "https://project.test" }));
});

Deno.test("authenticate() refuses alg none, another key, another algorithm and unknown key ids", async () => {
  const encode = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "");
  const payload = (await signJwt()).split(".")[1];
  for (const alg of ["none", "None", "NONE", "", "HS512", "PS256"]) {
    const header = encode({ alg, typ: "JWT", kid: "test-key" });
    await refuse({ Authorization: `Bearer ${header}.${payload}.` });
    await refuse({ Authorization: `Bearer ${header}.${payload}.c2ln` });
  }
  await refuse({ Authorization: `Bearer ${await signJwt({}, { kid: "other" })}` });
  await refuse({ Authorization: `Bearer ${await signJwt({}, { secret: new Uint8Array(32) })}` });
  assertEquals((await who({ Authorization: `Bearer ${await signJwt({}, { kid: null })}` })).kind, "user");
});

for (const alg of ["ES256", "RS256", "Ed25519"]) {
  Deno.test(`authenticate() verifies ${alg} and never takes the public key for a secret`, async () => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...await exportJWK(publicKey), kid: "asymmetric", alg };
    const asymmetric = testEnv({ SUPABASE_JWKS: JSON.stringify({ keys: [jwk] }) });
    const claims = { aud: "authenticated", role: "authenticated", sub: TEST_USER_ID };
    const sign = (key: Parameters<SignJWT["sign"]>[0], header: { alg: string; kid: string }) =>
      new SignJWT(claims).setProtectedHeader(header).setExpirationTime("1h").sign(key);

    const good = await sign(privateKey, { alg, kid: "asymmetric" });
    assertEquals((await who({ Authorization: `Bearer ${good}` }, asymmetric)).kind, "user");

    const publicText = new TextEncoder().encode(JSON.stringify(jwk));
    const forged = await sign(publicText, { alg: "HS256", kid: "asymmetric" });
    await refuse({ Authorization: `Bearer ${forged}` }, asymmetric);
    const other = await generateKeyPair(alg);
    await refuse({ Authorization: `Bearer ${await sign(other.privateKey, { alg, kid: "asymmetric" })}` }, asymmetric);
  });
}

Deno.test("authenticate() does not believe X-Forwarded-For or a spoofed user header", async () => {
  const caller = await who({ "X-Forwarded-For": "127.0.0.1", "X-User-Id": TEST_USER_ID, Forwarded: "for=127.0.0.1" });
  assertEquals(caller, { kind: "anonymous" });
});

Deno.test("authenticate() takes an API key in either header, by its hash", async () => {
  const { text, hash } = await generateApiKey("test");
  const key = { kind: "key", secretHash: hash };
  for (
    const headers of [
      { Authorization: `Bearer ${text}` },
      { "x-api-key": text },
      { "x-api-key": text, Authorization: `Bearer ${text}` },
      { "x-api-key": text, apikey: TEST_KEYS.publishable, Authorization: `Bearer ${TEST_KEYS.publishable}` },
      { Authorization: `Bearer ${text}`, apikey: TEST_KEYS.secret },
    ]
  ) assertEquals<unknown>(await who(headers), key);
  const other = (await generateApiKey("live")).text;
  await refuse({ "x-api-key": text, Authorization: `Bearer ${other}` });
  await refuse({ "x-api-key": text, Authorization: `Bearer ${await signJwt()}` });
  await refuse({ apikey: text });
});

Deno.test("authenticate() refuses the tokens that are signed for API keys", async () => {
  const id = crypto.randomUUID();
  await refuse({ Authorization: `Bearer ${await signJwt({ sub: id, millrace: { key: id } })}` });
  const minted = await keyToken(env, { id, organizationId: id, mode: "live", scopes: [] });
  await refuse({ Authorization: `Bearer ${minted}` });
});

import { assert, assertEquals, assertStringIncludes, assertThrows } from "../../tests/helpers/assert.ts";
import { EnvError, readEnv, VARIABLE_FACTS, VARIABLES } from "./mod.ts";

const COMPLETE: Record<string, string> = {
  SUPABASE_URL: "https://project.test/",
  SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_a"}',
  SUPABASE_SECRET_KEYS: '{"default":"sb_secret_a","cron":"sb_secret_b"}',
  SUPABASE_JWKS: '{"keys":[{"kty":"EC","kid":"1"}]}',
};

function read(overrides: Record<string, string | undefined> = {}) {
  const variables: Record<string, string | undefined> = { ...COMPLETE, ...overrides };
  return readEnv((name) => variables[name]);
}

Deno.test("readEnv() reads the platform's variables and fills in the defaults", () => {
  assertEquals(read(), {
    supabaseUrl: "https://project.test",
    publishableKeys: { default: "sb_publishable_a" },
    secretKeys: { default: "sb_secret_a", cron: "sb_secret_b" },
    jwks: { keys: [{ kty: "EC", kid: "1" }] },
    signingKey: null,
    trustedProxyHops: 1,
    databaseUrl: null,
    publicUrl: "https://project.test",
    functionsUrl: "https://project.test/functions/v1",
    logLevel: "info",
    auditKeys: null,
    corsOrigins: ["*"],
    workerTransport: "postgrest",
    inlineTransport: "postgrest",
    workerSeconds: 100,
    workerCpuMs: 1_500,
    workerConcurrency: 256,
    egressAllow: [],
    resendApiKey: null,
    resendBaseUrl: null,
    emailFrom: "Millrace <onboarding@resend.dev>",
    smtpUrl: null,
    smtpCa: null,
    emailRate: 2,
    emailBrand: null,
    sendEmailHookSecrets: null,
    resendWebhookSecrets: null,
    emailPreferencesUrl: null,
    frontendUrl: null,
    stripeSecretKey: null,
    stripeWebhookSecrets: [],
    stripeBaseUrl: null,
    billingTrialDays: 14,
    billingGraceDays: 14,
    sentryDsn: null,
    release: null,
    masterKeys: null,
  });
});

Deno.test("readEnv() reads lists, takes empty for absent and derives what depends on others", () => {
  const env = read({
    CORS_ORIGINS: " https://a.test , http://localhost:5173,",
    EGRESS_ALLOW: "127.0.0.1:9000",
    SUPABASE_DB_URL: "postgresql://u:p@h:5432/d",
    SENTRY_DSN: "  ",
    SUPABASE_JWKS: '[{"kty":"oct"}]',
    PUBLIC_FUNCTIONS_URL: "https://hooks.test/",
    WORKER_SECONDS: "340",
    WORKER_CPU_MS: "0",
  });
  assertEquals([env.workerSeconds, env.workerCpuMs], [340, null]);
  assertThrows(() => read({ WORKER_SECONDS: "400" }), EnvError);
  assertThrows(() => read({ WORKER_CPU_MS: "1.5" }), EnvError);
  assertEquals(env.corsOrigins, ["https://a.test", "http://localhost:5173"]);
  assertEquals(env.egressAllow, ["127.0.0.1:9000"]);
  assertEquals(env.workerTransport, "postgres");
  assertEquals(env.sentryDsn, null);
  assertEquals(env.jwks.keys.length, 1);
  assertEquals(env.functionsUrl, "https://hooks.test");
});

Deno.test("readEnv() reads Stripe's secrets as a list and takes other addresses in the clear from this machine only", () => {
  const env = read({
    STRIPE_SECRET_KEY: "rk_test_0123456789",
    STRIPE_WEBHOOK_SECRET: "whsec_new0123456 , whsec_old0123456",
    STRIPE_BASE_URL: "http://127.0.0.1:12111/",
    BILLING_TRIAL_DAYS: "0",
  });
  assertEquals(env.stripeWebhookSecrets, ["whsec_new0123456", "whsec_old0123456"]);
  assertEquals([env.stripeBaseUrl, env.billingTrialDays], ["http://127.0.0.1:12111", 0]);
  for (
    const wrong of [
      { STRIPE_SECRET_KEY: "pk_test_0123456789" },
      { STRIPE_WEBHOOK_SECRET: "whsec_new0123456,hunter2" },
      { STRIPE_BASE_URL: "http://stripe.test" },
      { STRIPE_BASE_URL: "http://127.0.0.1.stripe.test" },
      { BILLING_TRIAL_DAYS: "731" },
    ]
  ) assertThrows(() => read(wrong), EnvError, Object.keys(wrong)[0]);
});

Deno.test("readEnv() puts every problem into one message and repeats no value", () => {
  const error = assertThrows(() =>
    read({
      SUPABASE_URL: undefined,
      SUPABASE_SECRET_KEYS: '{"cron":"sb_secret_b","old":"hunter2"}',
      SUPABASE_JWKS: "hunter3{",
      LOG_LEVEL: "loud",
      CORS_ORIGINS: "https://a.test/path",
      WORKER_TRANSPORT: "postgres",
      INLINE_TRANSPORT: "postgres",
    }), EnvError);
  for (
    const name of [
      "SUPABASE_URL",
      "SUPABASE_SECRET_KEYS",
      "SUPABASE_JWKS",
      "LOG_LEVEL",
      "CORS_ORIGINS",
      "WORKER_TRANSPORT",
      "INLINE_TRANSPORT",
    ]
  ) {
    assert(error.problems.some((problem) => problem.startsWith(name)), name);
    assertStringIncludes(error.message, name);
  }
  assert(!error.message.includes("hunter"), error.message);
  // Each with what is expected and where it is written.
  assertEquals(error.details.length, error.problems.length);
  for (const { variable, message, expected, documentation } of error.details) {
    assert(variable !== "" && message !== "" && expected !== "" && documentation.startsWith("docs/"), variable);
    assertStringIncludes(error.message, `${variable}: ${message} (expected: ${expected}; see ${documentation})`);
  }
});

Deno.test("every variable names documentation that is there", async () => {
  for (const [name, { documentation = "docs/environment.md" }] of Object.entries(VARIABLE_FACTS)) {
    const [path = "", anchor] = documentation.split("#");
    const text = await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
    const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
      title.toLowerCase().replaceAll(/[^a-z0-9 -]/g, "").replaceAll(" ", "-")
    );
    assert(anchor === undefined || anchors.includes(anchor), `${name}: ${documentation}`);
  }
});

Deno.test("readEnv() reads the master keys, the first of them current unless one is named", () => {
  const [a, b] = ["a", "b"].map((char) => btoa(char.repeat(32)));
  const keysOf = (value: unknown) => read({ MILLRACE_MASTER_KEYS: JSON.stringify(value) }).masterKeys;
  const first = keysOf({ k2: a, k1: b });
  assertEquals([first?.current, Object.keys(first?.keys ?? {})], ["k2", ["k2", "k1"]]);
  assertEquals(keysOf({ k2: a, k1: b, current: "k1" })?.current, "k1");
  assertEquals(keysOf({ k1: a })?.keys.k1, new Uint8Array(32).fill(97));
  const refused: [unknown, string][] = [
    [{}, "at least one"],
    [[a], "JSON object"],
    [{ k1: 5 }, "string"],
    [{ k1: btoa("short") }, "k1"],
    [{ k1: `${a}!` }, "k1"],
    [{ K1: a }, "small letter"],
    [{ 1: a }, "small letter"],
    [{ k1: a, current: "k9" }, "current"],
    [{ k1: a, k2: a }, "same"],
  ];
  for (const [value, expected] of refused) {
    const error = assertThrows(() => keysOf(value), EnvError);
    assert(error.problems.some((problem) => problem.startsWith("MILLRACE_MASTER_KEYS")), error.message);
    assertStringIncludes(error.message, expected);
    assert(!error.message.includes(a!), error.message);
  }
  assertThrows(() => read({ MILLRACE_MASTER_KEYS: "hunter{" }), EnvError, "base64 of 32 bytes");
});

const SIGNING_KEY = { kty: "EC", crv: "P-256", kid: "1", x: "x", y: "y", d: "d", key_ops: ["sign"], alg: "ES256" };
const PUBLISHED = JSON.stringify({ keys: [{ kty: "EC", crv: "P-256", kid: "1", x: "x", y: "y" }] });

Deno.test("readEnv() takes a private signing key whose public half is published, alone or in a list", () => {
  for (const value of [SIGNING_KEY, [SIGNING_KEY]]) {
    const env = read({ SUPABASE_JWKS: PUBLISHED, MILLRACE_SIGNING_KEY: JSON.stringify(value) });
    const { key_ops: _, alg, kid, ...jwk } = SIGNING_KEY;
    assertEquals(env.signingKey, { alg, kid, jwk });
  }
  const oct = { kty: "oct", kid: "1", k: "secret" };
  const env = read({ SUPABASE_JWKS: JSON.stringify([oct]), MILLRACE_SIGNING_KEY: JSON.stringify(oct) });
  assertEquals(env.signingKey?.alg, "HS256");
});

Deno.test("readEnv() says everything that is wrong with a signing key, and nothing of it", () => {
  const problems = (key: unknown, more: Record<string, string | undefined> = {}) =>
    assertThrows(
      () => read({ SUPABASE_JWKS: PUBLISHED, MILLRACE_SIGNING_KEY: JSON.stringify(key), ...more }),
      EnvError,
    ).problems;
  const { d: _, ...publicHalf } = SIGNING_KEY;
  assertEquals(problems(publicHalf), ["MILLRACE_SIGNING_KEY: Must be the private key, not the public half"]);
  assertEquals(problems({ ...SIGNING_KEY, kid: "2" }).length, 1);
  assertEquals(problems({ ...SIGNING_KEY, x: "other" }), [
    "MILLRACE_SIGNING_KEY: The key of this kid in SUPABASE_JWKS is another one",
  ]);
  assertEquals(problems({ ...publicHalf, kid: undefined, alg: "HS256" }).length, 3);
  assertEquals(problems({ ...SIGNING_KEY, crv: "P-384" }).length, 1);
  for (const wrong of ["text", 1, [], [SIGNING_KEY, SIGNING_KEY], [null]]) assertEquals(problems(wrong).length, 1);
  // Together with everything else.
  assertEquals(problems(publicHalf, { SUPABASE_URL: undefined, LOG_LEVEL: "loud" }).length, 3);
  const broken = assertThrows(() => read({ MILLRACE_SIGNING_KEY: "{hunter2" }), EnvError);
  assertEquals(broken.problems, ["MILLRACE_SIGNING_KEY: Must be a private JSON Web Key"]);
  assert(!JSON.stringify(problems({ ...publicHalf, k: "hunter2" })).includes("hunter"));
});

Deno.test("readEnv() demands the default secret key", () => {
  const error = assertThrows(() => read({ SUPABASE_SECRET_KEYS: '{"cron":"sb_secret_b"}' }), EnvError);
  assertEquals(error.problems, ['SUPABASE_SECRET_KEYS: Must hold a key named "default"']);
});

Deno.test("docs/environment.md says what the table of variables says", async () => {
  const path = new URL("../../docs/environment.md", import.meta.url);
  // deno fmt aligns the table with spaces.
  const text = (await Deno.readTextFile(path)).replaceAll(/ +/g, " ");
  assertEquals(Object.keys(VARIABLE_FACTS), Object.keys(VARIABLES));
  const documented = [...text.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
  assertEquals(documented, Object.keys(VARIABLES));
  for (const [name, { setBy, otherwise, purpose, example }] of Object.entries(VARIABLE_FACTS)) {
    assertStringIncludes(text, `| \`${name}\` | ${setBy} | ${purpose} | ${otherwise} | \`${example}\` |`);
  }
});

import { REQUIRED_SCHEMA } from "../../shared/db/mod.ts";
import { toBase64 } from "../../shared/bytes/mod.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { withDatabase } from "../../tests/helpers/postgres.ts";
import { startTransactionPooler } from "../../tests/helpers/transaction_pooler.ts";
import { checkConfig, parseOptions, readEnvFile, render } from "./check_config.ts";
import { ofLevel } from "./_finding.ts";

const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
  "sign",
  "verify",
]);
const PUBLIC = { ...await crypto.subtle.exportKey("jwk", publicKey), kid: "one", alg: "ES256" };
const PRIVATE = { ...await crypto.subtle.exportKey("jwk", privateKey), kid: "one", alg: "ES256" };

const VARIABLES: Record<string, string> = {
  SUPABASE_URL: "https://project.test",
  SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_a"}',
  SUPABASE_SECRET_KEYS: '{"default":"sb_secret_hunter2"}',
  SUPABASE_JWKS: JSON.stringify({ keys: [PUBLIC] }),
  MILLRACE_SIGNING_KEY: JSON.stringify(PRIVATE),
  MILLRACE_MASTER_KEYS: JSON.stringify({ k1: toBase64(new Uint8Array(32).fill(7)) }),
};

/** A project that answers; some paths otherwise. */
function project(otherwise: Record<string, () => Response> = {}): typeof fetch {
  const answers: Record<string, () => Response> = {
    "/rest/v1/plans": () => Response.json([{ id: "free" }]),
    "/rest/v1/rpc/schema_version": () => Response.json({ version: REQUIRED_SCHEMA, serves_from: REQUIRED_SCHEMA }),
    "/auth/v1/.well-known/jwks.json": () => Response.json({ keys: [PUBLIC] }),
    "/functions/v1/health/ready": () => Response.json({ status: "ok" }),
    ...otherwise,
  };
  return (input, init) => {
    const answer = answers[new URL(new Request(input, init).url).pathname];
    return answer === undefined ? Promise.reject(new TypeError("refused")) : Promise.resolve(answer());
  };
}

const check = (variables: Record<string, string>, more: Partial<Parameters<typeof checkConfig>[0]> = {}) =>
  checkConfig({ variables, fromFile: true, databaseUrl: null, offline: false, fetch: project(), ...more });

Deno.test("check:config finds a whole project in order", async () => {
  const findings = await check(VARIABLES);
  assertEquals(ofLevel(findings, "problem"), []);
  assertEquals(ofLevel(findings, "ok").map(({ about }) => about).sort(), [
    "Auth",
    "Data API",
    "MILLRACE_SIGNING_KEY",
    "environment",
    "functions",
  ]);
  assertEquals([...render(findings)].at(-1), "The configuration is in order");
});

Deno.test("check:config says everything at once, and no value", async () => {
  const findings = await check({
    ...VARIABLES,
    SUPABASE_URL: "",
    LOG_LEVEL: "hunter2",
    MILLRACE_MASTER_KEYS: '{"k1":"hunter2"}',
    MILLRACE_MASTER_KEY: "hunter2",
    SENDGRID: "hunter2",
  });
  assertEquals(ofLevel(findings, "problem").map(({ about }) => about), [
    "SUPABASE_URL",
    "LOG_LEVEL",
    "MILLRACE_MASTER_KEYS",
  ]);
  const lines = [...render(findings)];
  assert(
    lines.some((line) => line.includes("MILLRACE_MASTER_KEY: ") && line.includes("is MILLRACE_MASTER_KEYS meant?")),
  );
  assert(lines.some((line) => line.includes("SENDGRID: Nothing reads this variable")));
  assert(lines.some((line) => line.startsWith("problem MILLRACE_MASTER_KEYS") && line.includes("docs/secrets.md")));
  assert(!lines.join("\n").includes("hunter"), lines.join("\n"));
});

Deno.test("check:config notices what the project does not do", async () => {
  const other = { ...PUBLIC, kid: "two" };
  const cases: [string, Record<string, () => Response>, string][] = [
    ["Auth", { "/auth/v1/.well-known/jwks.json": () => Response.json({}, { status: 404 }) }, "does not answer"],
    [
      "SUPABASE_JWKS",
      { "/auth/v1/.well-known/jwks.json": () => Response.json({ keys: [PUBLIC, other] }) },
      "not in it",
    ],
    [
      "MILLRACE_SIGNING_KEY",
      { "/auth/v1/.well-known/jwks.json": () => Response.json({ keys: [other] }) },
      "standby key",
    ],
    [
      "MILLRACE_SIGNING_KEY",
      { "/auth/v1/.well-known/jwks.json": () => Response.json({ keys: [{ ...PUBLIC, x: "other" }] }) },
      "another key",
    ],
    ["Data API", { "/rest/v1/plans": () => Response.json({ code: "PGRST205" }, { status: 404 }) }, "not been migrated"],
    [
      "Data API",
      { "/rest/v1/rpc/schema_version": () => Response.json({ code: "PGRST106" }, { status: 406 }) },
      "exposed",
    ],
    [
      "Data API",
      {
        "/rest/v1/rpc/schema_version": () =>
          Response.json({ version: "20200101000000", serves_from: "20200101000000" }),
      },
      "20200101000000",
    ],
    [
      "functions",
      {
        "/functions/v1/health/ready": () => Response.json({ code: "schema_mismatch", detail: "Old" }, { status: 503 }),
      },
      "503 schema_mismatch Old",
    ],
    ["functions", { "/functions/v1/health/ready": () => Response.error() }, "health/ready"],
  ];
  for (const [about, answers, sentence] of cases) {
    const found = ofLevel(await check(VARIABLES, { fetch: project(answers) }), "problem");
    assert(
      found.some((finding) => finding.about === about && finding.message.includes(sentence)),
      JSON.stringify(found),
    );
  }
  const none = ofLevel(await check(VARIABLES, { fetch: () => Promise.reject(new TypeError("away")) }), "problem");
  assertEquals(none.map(({ about }) => about).sort(), ["Auth", "Data API", "functions"]);
});

Deno.test("check:config looks at the database: schema, roles, clock, settings, master keys", () =>
  withDatabase(async (db) => {
    const look = async () => await check(VARIABLES, { databaseUrl: db.url });
    const before = await look();
    assertEquals(ofLevel(before, "problem").filter(({ about }) => about === "settings").length, 1);
    for (const about of ["database", "schema", "roles", "MILLRACE_MASTER_KEYS"]) {
      assert(ofLevel(before, "ok").some((finding) => finding.about === about), `${about}: ${JSON.stringify(before)}`);
    }
    await db.sql`select engine.configure('https://project.test/functions/v1')`;
    assertEquals(ofLevel(await look(), "problem").filter(({ about }) => about === "settings"), []);
    await db.sql`
      create or replace function engine.schema_version() returns jsonb language sql immutable as
      $$ select '{"version": "20200101000000", "serves_from": "20200101000000"}'::jsonb $$`;
    const old = ofLevel(await look(), "problem");
    assert(old.some(({ about, message }) => about === "schema" && message.includes("20200101000000")));
  }));

Deno.test("check:config finds a pooler in transaction mode that the address does not announce", () =>
  withDatabase(async (db) => {
    const pooler = await startTransactionPooler(db.url);
    const look = async (databaseUrl: string) =>
      (await check(VARIABLES, { databaseUrl })).filter(({ about }) => about === "pooler").map(({ level }) => level);
    try {
      assertEquals(await look(db.url), ["ok"]);
      assertEquals(await look(pooler.url), ["problem"]);
      assertEquals(await look(`${pooler.url}?pgbouncer=false`), ["problem"]);
      assertEquals(await look(`${pooler.url}?pgbouncer=true`), ["note"]);
    } finally {
      pooler.stop();
    }
  }));

Deno.test("check:config does not repeat the address of a database that is away", async () => {
  const databaseUrl = "postgresql://ada:hunter2@127.0.0.1:1/postgres";
  const lines = [...render(await check(VARIABLES, { databaseUrl }))];
  assert(lines.some((line) => line.startsWith("problem database: It cannot be reached")));
  assert(!lines.join("\n").includes("hunter"), lines.join("\n"));
});

Deno.test("check:config reads its arguments and an env file", async () => {
  assertEquals(readEnvFile("# c\nA=1\nexport B='x y'\n C = \"{}\"\nnothing\n"), { A: "1", B: "x y", C: "{}" });
  assertEquals(typeof await parseOptions(["--nothing"], {}), "string");
  assertEquals(typeof await parseOptions(["--env-file", "/nowhere/at/all"], {}), "string");
  const options = await parseOptions(["--offline", "--database-url", "postgresql://h/d"], { A: "1" });
  assertEquals(options, { variables: { A: "1" }, fromFile: false, databaseUrl: "postgresql://h/d", offline: true });
});

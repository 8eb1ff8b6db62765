import { toBase64 } from "../../shared/bytes/mod.ts";
import { Keyring, openEnvelope, sealEnvelope, secretPlace, webhookSecretPlace } from "../../shared/secrets/mod.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { createTenant } from "../../tests/helpers/engine.ts";
import { withDatabase } from "../../tests/helpers/postgres.ts";
import { parseOptions, rotate, type RotateOptions } from "./secrets_rotate.ts";

const text = (fill: number) => toBase64(new Uint8Array(32).fill(fill));

function options(args: string[], keys: unknown): RotateOptions | string {
  const variables: Record<string, string> = {
    DATABASE_URL: "postgres://x",
    MILLRACE_MASTER_KEYS: JSON.stringify(keys),
  };
  return parseOptions(args, (name) => variables[name]);
}

Deno.test("secrets:rotate says what is wrong with its arguments, and never a key", () => {
  assert(typeof options([], { k1: text(1) }) === "object");
  const wrong = [
    options(["--batch", "0"], { k1: text(1) }),
    options(["--nothing"], { k1: text(1) }),
    options([], {}),
    options([], { k1: "c2hvcnQ=" }),
  ];
  for (const message of wrong) {
    assert(typeof message === "string");
    assert(!message.includes("c2hvcnQ="), message);
  }
  assertEquals(parseOptions([], () => undefined), "Name the database");
});

Deno.test("secrets:rotate wraps everything anew, and --check says which key may go", () =>
  withDatabase(async (db) => {
    const { organizationId } = await createTenant(db);
    const old = new Keyring({ current: "k1", keys: { k1: new Uint8Array(32).fill(1) } });
    for (let number = 0; number < 5; number++) {
      const id = crypto.randomUUID();
      const envelope = toBase64(await sealEnvelope(old, secretPlace(organizationId, id, 1), `value ${number}`));
      await db
        .sql`insert into public.secrets (id, organization_id, name) values (${id}, ${organizationId}, ${`S${number}`})`;
      await db.sql`
        insert into private.secret_versions (secret_id, number, organization_id, envelope, key_id)
        values (${id}, 1, ${organizationId}, decode(${envelope}, 'base64'), 'k1')`;
    }
    const keys = { current: "k2", k1: text(1), k2: text(2) };
    const run = async (...args: string[]) => {
      const lines: string[] = [];
      const parsed = options(["--database-url", db.url, ...args], keys);
      assert(typeof parsed === "object", String(parsed));
      const done = await rotate(parsed, (line) => lines.push(line));
      return { done, lines };
    };
    assertEquals(await run("--check"), {
      done: false,
      lines: ["k1: 5 values", "k2: 0 values (current)", "Not done: run it again without --check"],
    });
    const { done, lines } = await run("--batch", "2");
    assertEquals([done, lines.slice(0, 3)], [true, [
      "2 wrapped anew, 3 left",
      "4 wrapped anew, 1 left",
      "5 wrapped anew, 0 left",
    ]]);
    assertEquals(await run("--check"), {
      done: true,
      lines: ["k1: 0 values (may be removed)", "k2: 5 values (current)", "All values are protected by k2"],
    });
  }));

Deno.test("secrets:rotate seals the secrets of endpoints that are not, resumably, and wraps them anew like any other", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const flow = crypto.randomUUID();
    await db.sql`
      insert into public.flows (id, organization_id, workspace_id, name)
      select ${flow}, organization_id, id, 'F' from public.workspaces where organization_id = ${tenant.organizationId}`;
    const [endpoint] = await db.sql`
      insert into public.webhook_endpoints (organization_id, flow_id, name, provider, slug)
      values (${tenant.organizationId}, ${flow}, 'E', 'stripe', 'abcdefghijklmnop') returning id`;
    for (let number = 0; number < 5; number++) {
      await db.sql`
        insert into private.webhook_secrets (endpoint_id, secret) values (${endpoint?.id}, ${`whsec_number_${number}`})`;
    }
    const run = async (keys: unknown, ...args: string[]) => {
      const lines: string[] = [];
      const parsed = options(["--database-url", db.url, ...args], keys);
      assert(typeof parsed === "object", String(parsed));
      const done = await rotate(parsed, (line) => lines.push(line));
      return { done, lines };
    };
    const opened = async (keys: Record<string, Uint8Array>) => {
      const keyring = new Keyring({ current: Object.keys(keys)[0]!, keys });
      const rows = await db.sql`select id, envelope from private.webhook_secrets order by id`;
      return await Promise.all(
        rows.map(({ id, envelope }) =>
          openEnvelope(keyring, webhookSecretPlace(tenant.organizationId, id), new Uint8Array(envelope))
        ),
      );
    };
    const expected = Array.from({ length: 5 }, (_, number) => `whsec_number_${number}`);
    assertEquals(await run({ k1: text(1) }, "--check"), {
      done: false,
      lines: [
        "k1: 0 values (current)",
        "5 secrets of webhook endpoints are not sealed yet",
        "Not done: run it again without --check",
      ],
    });
    // One that somebody else has sealed meanwhile is left alone.
    const [first] = await db.sql`select id, secret from private.webhook_secrets order by id limit 1`;
    const other = new Keyring({ current: "k1", keys: { k1: new Uint8Array(32).fill(1) } });
    const bytes = await sealEnvelope(other, webhookSecretPlace(tenant.organizationId, first?.id), first?.secret);
    await db.sql`select engine.seal_webhook_secrets(${
      JSON.stringify([{ id: first?.id, envelope: toBase64(bytes), key_id: "k1" }])
    }::text::jsonb)`;
    const { done, lines } = await run({ k1: text(1) }, "--batch", "3");
    assertEquals([done, lines.slice(0, 2)], [true, [
      "3 secrets of endpoints sealed, 1 left",
      "4 secrets of endpoints sealed, 0 left",
    ]]);
    const [plain] = await db.sql`
      select count(*) filter (where secret is not null)::int as plain, count(distinct last_four)::int as ends
      from private.webhook_secrets`;
    assertEquals([plain?.plain, plain?.ends], [0, 5]);
    assertEquals(await opened({ k1: new Uint8Array(32).fill(1) }), expected);
    // The master key is changed for them as for all.
    assertEquals((await run({ current: "k2", k1: text(1), k2: text(2) }, "--batch", "2")).done, true);
    assertEquals(await opened({ k2: new Uint8Array(32).fill(2) }), expected);
    assertEquals(
      (await run({ current: "k2", k1: text(1), k2: text(2) }, "--check")).lines[0],
      "k1: 0 values (may be removed)",
    );
  }));

/**
 * What tests of the audit log need: a tenant with rows, and the sealer with a key.
 *
 * @module
 */
import { signAudit } from "../../shared/audit/mod.ts";
import type { DatabaseClient } from "../../shared/db/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";

/** An environment with a secret key, from which the signing key is derived, or with keys of its own. */
export function auditEnv(secret = "sb_secret_audit", auditKeys: Env["auditKeys"] = null): Env {
  return { secretKeys: { default: secret }, auditKeys } as unknown as Env;
}

/** The functions of schema engine, as the service calls them. */
export function serviceClient(db: TestDatabase): DatabaseClient {
  const client = {
    schema: () => client,
    rpc: async (name: string, args: Record<string, unknown>) => {
      const names = Object.keys(args);
      const list = names.map((key, index) => `${key} => $${index + 1}::text::jsonb`).join(", ");
      const values = names.map((key) => JSON.stringify(args[key]));
      const [row] = await db.as(
        "service_role",
        { role: "service_role" },
        (sql) => sql.unsafe(`select engine.${name}(${list}) as reply`, values),
      );
      return { data: row!["reply"], error: null, status: 200 };
    },
  };
  return client as unknown as DatabaseClient;
}

/** Writes rows of one tenant, a transaction each. */
export async function writeEvents(db: TestDatabase, organizationId: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await db.sql`
      select private.audit(${organizationId}, 'test.done', 'test', ${String(i)}, null, ${
      db.sql.json({ i, name: "Zoë" })
    })`;
  }
}

/** Seals what is new and signs it. */
export async function seal(db: TestDatabase, env: Env = auditEnv()): Promise<void> {
  await db.sql`select private.seal_audit_rows()`;
  await signAudit(serviceClient(db), env);
}

/** Changes the log as a superuser who lets no trigger stand in the way. */
export async function tamper(db: TestDatabase, ...statements: string[]): Promise<void> {
  await db.sql.begin(async (sql) => {
    await sql`alter table public.audit_events disable trigger all`;
    for (const statement of statements) await sql.unsafe(statement);
    await sql`alter table public.audit_events enable always trigger append_only`;
  });
}

/**
 * Tenants and calls, as PostgREST would make them: arguments by name, as text, cast to what the function declares.
 *
 * @module
 */
import postgres from "postgres";
import { addMember, createTenant, type MemberRole, type Tenant } from "../helpers/engine.ts";
import type { TestDatabase, TestUser } from "../helpers/postgres.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import type { Json } from "../../shared/graph/mod.ts";

export { addMember, createTenant, type MemberRole, type Tenant };

/** All roles, the mightiest first. */
export const MEMBER_ROLES: readonly MemberRole[] = ["owner", "admin", "developer", "member", "viewer", "guest"];

/** Arguments by name. */
export type Arguments = Record<string, Json | undefined>;

/** Options of a call. */
export interface CallOptions {
  /** What `private.now()` says during the call. */
  now?: string;
}

const signatures = new WeakMap<TestDatabase, Map<string, Promise<Map<string, string>>>>();

/** Calls a function of `public` as a signed-in user. */
export async function rpc<T = Json>(
  db: TestDatabase,
  user: TestUser,
  name: string,
  args: Arguments = {},
  options: CallOptions = {},
): Promise<T> {
  const { text, values } = await statement(db, "public", name, args);
  return await db.as("authenticated", user.claims, async (sql) => {
    await prepare(sql, options);
    const [row] = await sql.unsafe(text, values);
    return row?.reply;
  });
}

/** Calls a function of `engine` as the service. */
export async function service<T = Json>(
  db: TestDatabase,
  name: string,
  args: Arguments = {},
  options: CallOptions = {},
): Promise<T> {
  const { text, values } = await statement(db, "engine", name, args);
  return await db.as("service_role", {}, async (sql) => {
    await prepare(sql, options);
    const [row] = await sql.unsafe(text, values);
    return row?.reply;
  });
}

/** A call that waits for ten seconds waits for ever: it fails, instead of hanging the test. */
async function prepare(sql: postgres.TransactionSql, options: CallOptions): Promise<void> {
  await sql`
    select set_config('lock_timeout', '10s', true), set_config('millrace.now', ${options.now ?? ""}, true)`;
}

/** The text of a call and its values. */
export async function statement(
  db: TestDatabase,
  schema: string,
  name: string,
  args: Arguments,
): Promise<{ text: string; values: (string | null)[] }> {
  const types = await parameterTypes(db, `${schema}.${name}`);
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  const list = given.map(([parameter], index) => {
    const type = types.get(parameter);
    assert(type !== undefined, `${schema}.${name} has no parameter ${parameter}`);
    return `${parameter} => $${index + 1}::text::${type}`;
  });
  const values = given.map(([parameter, value]) => asText(value as Json, types.get(parameter)!));
  return { text: `select ${schema}.${name}(${list.join(", ")}) as reply`, values };
}

function asText(value: Json, type: string): string | null {
  if (value === null) return null;
  if (type === "jsonb") return JSON.stringify(value);
  if (Array.isArray(value)) return `{${value.join(",")}}`;
  return String(value);
}

function parameterTypes(db: TestDatabase, name: string): Promise<Map<string, string>> {
  const known = signatures.get(db) ?? new Map<string, Promise<Map<string, string>>>();
  signatures.set(db, known);
  let types = known.get(name);
  if (types === undefined) {
    types = (async () => {
      const rows = await db.sql<{ name: string; type: string }[]>`
        select a.name, a.type::regtype::text as type
        from pg_proc p, unnest(p.proargnames, p.proargtypes::oid[]) as a (name, type)
        where p.oid = to_regproc(${name})`;
      return new Map(rows.map((row) => [row.name, row.type]));
    })();
    known.set(name, types);
  }
  return types;
}

/** A failure as the Data API would answer it. */
export interface Failure {
  code: string;
  message: string;
  status: number | null;
  /** The list of what is wrong, where there is one. */
  problems?: Json;
}

/** What a call failed with: what `private.fail` said, or the SQLSTATE. Fails when it succeeded. */
export async function failureOf(call: PromiseLike<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    if (error.code !== "PGRST") return { code: error.code, message: error.message, status: null };
    const { code, message, details } = JSON.parse(error.message);
    const { status } = JSON.parse(error.detail ?? "{}");
    return { code, message, status, ...details?.startsWith("[") && { problems: JSON.parse(details) } };
  }
  throw new Error("The call succeeded");
}

/** Fails unless the call fails with this code and HTTP status. */
export async function assertFails(call: PromiseLike<unknown>, code: string, status?: number): Promise<void> {
  const failure = await failureOf(call);
  assertEquals([failure.code, failure.status], [code, status ?? null], failure.message);
}

/** Runs every call at once, each in a transaction of its own. */
export async function parallel<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return await Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}

/** An id that belongs to nothing. */
export function unusedId(): string {
  return crypto.randomUUID();
}

/** A graph of manual trigger → one transform, told apart by `mark`. */
export function smallGraph(mark: Json = 1): { [key: string]: Json } {
  return {
    nodes: [
      { id: "start", type: "trigger.manual", position: { x: 0, y: 0 }, data: {} },
      { id: "a", type: "action.transform", position: { x: 100, y: 0 }, data: { config: { mark } } },
    ],
    edges: [{ id: "e1", source: "start", target: "a" }],
  };
}

/** A flow of the tenant; gives its id. */
export async function createFlow(
  db: TestDatabase,
  tenant: Tenant,
  args: Arguments = {},
): Promise<string> {
  const flow = await rpc<{ id: string }>(db, tenant.user, "create_flow", {
    p_organization_id: tenant.organizationId,
    p_name: "Orders",
    p_graph: smallGraph(),
    ...args,
  });
  return flow.id;
}

/** A run of the flow, queued; gives its id. */
export async function startRun(
  db: TestDatabase,
  tenant: Tenant,
  flowId: string,
  args: Arguments = {},
): Promise<string> {
  const run = await rpc<{ id: string }>(db, tenant.user, "start_run", { p_flow_id: flowId, ...args });
  return run.id;
}

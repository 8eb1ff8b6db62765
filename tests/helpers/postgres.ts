/**
 * Real Postgres 17 for tests: one cluster that every test process of this machine shares, a template database with the
 * schema in it, and a fresh copy of that for each test.
 *
 * ```ts
 * Deno.test("a member reads her organization", () =>
 *   withDatabase(async (db) => {
 *     const user = await db.createUser("ada@example.com");
 *     const rows = await db.as("authenticated", user.claims, (sql) => sql`select id from public.organizations`);
 *   }));
 * ```
 *
 * With `TEST_DATABASE_URL` (a superuser's connection string) that server is used instead.
 *
 * @module
 */
import postgres from "postgres";
import type { ClusterInfo, ClusterOptions } from "./_postgres_cluster.ts";
import { exists, installPostgres } from "./_postgres_binaries.ts";
import { prepareTemplate, type TemplateContent } from "./_postgres_template.ts";

export type { TemplateContent } from "./_postgres_template.ts";

/** A server that tests may use. */
export interface TestPostgres {
  /** Connection string of the superuser, database `postgres`. */
  url: string;
  /** Gives the server up. A shared one stops when nobody has used it for some seconds, a private one at once. */
  stop(): Promise<void>;
}

/** Options of {@linkcode startPostgres}. */
export interface StartPostgresOptions extends ClusterOptions {
  /** A cluster of one's own with an empty data folder, removed by `stop()`. Implied by the other options. */
  private?: boolean;
}

/** The roles a request of the Data API may run as. */
export type ApiRole = "anon" | "authenticated" | "service_role";

/** A user as Supabase Auth would have stored it. */
export interface TestUser {
  id: string;
  email: string;
  /** Claims of the access token that Auth would issue. */
  claims: Record<string, unknown>;
}

/** One test's own database. */
export interface TestDatabase {
  name: string;
  /** Connection string of the superuser. */
  url: string;
  /** A pool of connections as the superuser. */
  sql: postgres.Sql;
  /**
   * Runs `fn` in a transaction as PostgREST would for a request with this role and these token claims; the result is
   * committed. Rejects with what `fn` rejects with, rolled back.
   */
  as<T>(role: ApiRole, claims: Record<string, unknown>, fn: (sql: postgres.TransactionSql) => Promise<T>): Promise<T>;
  /** Inserts a confirmed user into `auth.users`. */
  createUser(email?: string): Promise<TestUser>;
}

/** Options of {@linkcode createDatabase} and {@linkcode withDatabase}. */
export interface DatabaseOptions {
  /** What the fresh database holds: the schema of `sql/` (default), the migrations, or only what Supabase gives. */
  content?: TemplateContent;
  /** Size of the pool. Default 10 connections. */
  connections?: number;
  /** The server to use. Default: the shared one. */
  server?: TestPostgres;
}

/** Seconds a shared server waits for the next test process before it stops. */
const LINGER_SECONDS = 5;

let shared: Promise<TestPostgres> | undefined;

/** Runs `fn` with a database of its own and drops it afterwards, whatever `fn` did. */
export async function withDatabase<T>(
  fn: (db: TestDatabase) => Promise<T>,
  options: DatabaseOptions = {},
): Promise<T> {
  const db = await createDatabase(options);
  try {
    return await fn(db);
  } finally {
    await db.drop();
  }
}

/** Like {@linkcode withDatabase}, for tests that decide themselves when the database goes. */
export async function createDatabase(
  options: DatabaseOptions = {},
): Promise<TestDatabase & { drop(): Promise<void> }> {
  const server = options.server ?? await sharedPostgres();
  const template = await prepareTemplate(server.url, options.content ?? "sql");
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  await administer(server.url, (admin) => admin.unsafe(`create database ${name} template ${template}`));
  const url = Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
  const sql = postgres(url, { max: options.connections ?? 10, onnotice: () => {} });
  return {
    name,
    url,
    sql,
    as: (role, claims, fn) => runAs(sql, role, claims, fn),
    createUser: (email) => insertUser(sql, email ?? `user-${crypto.randomUUID()}@example.com`),
    async drop() {
      await sql.end({ timeout: 5 });
      await administer(server.url, (admin) => admin.unsafe(`drop database if exists ${name} with (force)`));
    },
  };
}

/** Joins the shared server or, with options, starts a private one. */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<TestPostgres> {
  const { private: own, ...cluster } = options;
  const isPrivate = own || Object.keys(cluster).length > 0;
  const given = Deno.env.get("TEST_DATABASE_URL");
  if (given && !isPrivate) return { url: given, stop: () => Promise.resolve() };
  const { home } = await installPostgres();
  const folder = `${home}/${isPrivate ? `private-${crypto.randomUUID()}` : "shared"}`;
  await Deno.mkdir(folder, { recursive: true });
  return await join(folder, isPrivate ? 0 : LINGER_SECONDS, { ...cluster, temporary: isPrivate });
}

function sharedPostgres(): Promise<TestPostgres> {
  shared ??= startPostgres();
  return shared;
}

/** Becomes a user of the folder's cluster and makes sure that it runs. */
async function join(folder: string, lingerSeconds: number, options: Record<string, unknown>): Promise<TestPostgres> {
  const users = await Deno.open(`${folder}/users.lock`, { read: true, write: true, create: true });
  await users.lock(false);
  const starting = await Deno.open(`${folder}/start.lock`, { read: true, write: true, create: true });
  await starting.lock(true);
  try {
    const { url } = await running(folder) ?? await superviseNew(folder, lingerSeconds, options);
    return {
      url,
      async stop() {
        users.close();
        while (options.temporary && await exists(folder)) await pause(50);
      },
    };
  } catch (error) {
    users.close();
    throw error;
  } finally {
    starting.close();
  }
}

async function superviseNew(
  folder: string,
  lingerSeconds: number,
  options: Record<string, unknown>,
): Promise<ClusterInfo> {
  const script = new URL("./_postgres_supervisor.ts", import.meta.url).pathname;
  const supervisor = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, folder, String(lingerSeconds), JSON.stringify(options)],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
    detached: true,
  }).spawn();
  supervisor.unref();
  let failed = false;
  supervisor.status.then(() => failed = true);
  while (!failed) {
    const info = await running(folder);
    if (info) return info;
    await pause(20);
  }
  throw new Error("Cannot start Postgres for the tests: its supervisor ended, see its message above");
}

/** The cluster's info, when its server answers. */
async function running(folder: string): Promise<ClusterInfo | undefined> {
  try {
    const info: ClusterInfo = JSON.parse(await Deno.readTextFile(`${folder}/cluster.json`));
    await administer(info.url, (admin) => admin`select 1`);
    return info;
  } catch {
    return undefined;
  }
}

async function administer<T>(url: string, fn: (admin: postgres.Sql) => Promise<T>): Promise<T> {
  const admin = postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 5 });
  try {
    return await fn(admin);
  } finally {
    await admin.end({ timeout: 1 });
  }
}

async function runAs<T>(
  sql: postgres.Sql,
  role: ApiRole,
  claims: Record<string, unknown>,
  fn: (sql: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  return await sql.begin(async (transaction) => {
    const settings = JSON.stringify({ role, ...claims });
    await transaction`
      select set_config('role', ${role}, true), set_config('request.jwt.claims', ${settings}, true)
    `;
    return await fn(transaction);
  }) as T;
}

async function insertUser(sql: postgres.Sql, email: string): Promise<TestUser> {
  const id = crypto.randomUUID();
  await sql`
    insert into auth.users (id, aud, role, email, email_confirmed_at)
    values (${id}, 'authenticated', 'authenticated', ${email}, now())
  `;
  const claims = { sub: id, role: "authenticated", aud: "authenticated", email, aal: "aal1", is_anonymous: false };
  return { id, email, claims };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Template databases: built once for each state of the SQL files, copied for every test.
 *
 * @module
 */
import postgres from "postgres";
import { bootstrap, readBootstrapFiles } from "../../supabase/local/bootstrap.ts";
import { applyMigrations } from "../../supabase/local/migrations.ts";
import { readSqlFiles, REPOSITORY, type SqlFile } from "../../supabase/local/schema_files.ts";
import { postgresExecutor, type SqlExecutor } from "../../supabase/local/sql_executor.ts";

/** What a template holds on top of what Supabase gives every project. */
export type TemplateContent = "sql" | "migrations" | "empty";

/** Key of the advisory lock under which templates are built. */
const BUILD_LOCK = 7_103_202;
/** Templates of earlier states of the files that stay for those who switch back. */
const KEEP = 24;

const ready = new Map<string, Promise<string>>();

/**
 * Returns the name of the template database, building it when the files have changed since.
 *
 * @param url connection string of the superuser
 */
export async function prepareTemplate(url: string, content: TemplateContent): Promise<string> {
  const files = await filesOf(content);
  const name = `template_${await hash([
    content,
    await readBootstrapFiles(),
    ...files.flatMap((f) => [f.path, f.text]),
  ])}`;
  const key = `${url} ${name}`;
  const building = ready.get(key) ?? build(url, name, content, files);
  ready.set(key, building);
  return await building.catch((error) => {
    ready.delete(key);
    throw error;
  });
}

async function filesOf(content: TemplateContent): Promise<SqlFile[]> {
  switch (content) {
    case "sql":
      return await readSqlFiles(new URL("sql/", REPOSITORY));
    case "migrations":
      return await readSqlFiles(new URL("supabase/migrations/", REPOSITORY), false);
    case "empty":
      return [];
  }
}

async function build(url: string, name: string, content: TemplateContent, files: SqlFile[]): Promise<string> {
  const admin = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await admin`select pg_advisory_lock(${BUILD_LOCK})`;
    if ((await admin`select from pg_database where datname = ${name}`).length) return name;
    await dropOldDatabases(admin);
    const draft = `draft_${name}`;
    await admin.unsafe(`drop database if exists ${draft} with (force)`);
    await admin.unsafe(`create database ${draft}`);
    await fill(Object.assign(new URL(url), { pathname: `/${draft}` }).href, content, files);
    await admin.unsafe(`alter database ${draft} rename to ${name}`);
    return name;
  } finally {
    await admin.end({ timeout: 1 });
  }
}

async function fill(url: string, content: TemplateContent, files: SqlFile[]): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const executor = postgresExecutor(sql);
    await bootstrap(executor);
    if (content === "migrations") await applyMigrations(executor);
    if (content === "sql") await applyFiles(executor, files);
    await executor.exec("vacuum analyze");
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function applyFiles(executor: SqlExecutor, files: SqlFile[]): Promise<void> {
  for (const file of files) {
    try {
      await executor.exec(file.text);
    } catch (error) {
      throw describe(error, file);
    }
  }
}

/** Names the file and the line in which Postgres found the error. */
function describe(error: unknown, file: SqlFile): Error {
  if (!(error instanceof postgres.PostgresError)) return error as Error;
  const line = error.position ? file.text.slice(0, Number(error.position)).split("\n").length : 1;
  const hint = [error.detail, error.hint, error.where].filter(Boolean).join("\n");
  return new Error(`${file.path}:${line}: ${error.message}${hint ? `\n${hint}` : ""}`, { cause: error });
}

/** Removes what crashed test runs and earlier states of the files left. */
async function dropOldDatabases(admin: postgres.Sql): Promise<void> {
  const rows = await admin<{ datname: string }[]>`
    select datname from (
      select datname, row_number() over (order by oid desc) as age from pg_database where datname ~ '^template_[0-9a-f]{16}$'
    ) as templates where age > ${KEEP}
    union all
    select datname from pg_database d where datname ~ '^test_[0-9a-f]{32}$'
      and (pg_stat_file('base/' || oid || '/PG_VERSION')).modification < now() - interval '1 hour'
      and not exists (select from pg_stat_activity a where a.datname = d.datname)
  `;
  for (const { datname } of rows) await admin.unsafe(`drop database if exists ${datname}`);
}

async function hash(parts: string[]): Promise<string> {
  const bytes = new TextEncoder().encode(parts.join("\0"));
  // Not toHex(): Deno 2.1.4, under which the tests of functions/ and shared/ run too, does not have it.
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, 16);
}

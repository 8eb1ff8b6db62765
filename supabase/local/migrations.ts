/**
 * Applies `supabase/migrations/*.sql` and keeps the same record of them as the Supabase CLI, so that either may go on
 * where the other stopped.
 *
 * @module
 */
import { readSqlFiles, REPOSITORY, type SqlFile } from "./schema_files.ts";
import type { SqlExecutor } from "./sql_executor.ts";

/** One migration file. */
export interface Migration {
  /** The leading digits of the file's name, its identity. */
  version: string;
  name: string;
  text: string;
}

/** Options of {@linkcode applyMigrations}. */
export interface ApplyMigrationsOptions {
  /** The migrations, in order. Default: those of the repository. */
  migrations?: Migration[];
  /** Called after each migration was committed. */
  onApplied?: (migration: Migration, milliseconds: number) => void;
}

/** Two runners at once take turns, one migration at a time. */
const MIGRATION_LOCK = 7_103_203;

/** Reads migrations in order of version. Files that are not called `<digits>_<name>.sql` are refused. */
export async function readMigrations(
  folder: URL = new URL("supabase/migrations/", REPOSITORY),
): Promise<Migration[]> {
  const migrations = (await readSqlFiles(folder, false)).map(parseFile);
  const twice = migrations.find((migration, index) => migrations[index + 1]?.version === migration.version);
  if (twice) throw new Error(`Cannot apply migrations: two have the version ${twice.version}`);
  return migrations;
}

/**
 * Applies what is pending: each migration and its record in one transaction, under a lock.
 *
 * @returns the migrations that were applied by this call
 * @throws when a migration fails (those before it stay applied), or when the database holds other migrations than ours
 */
export async function applyMigrations(
  executor: SqlExecutor,
  options: ApplyMigrationsOptions = {},
): Promise<Migration[]> {
  const migrations = options.migrations ?? await readMigrations();
  const applied: Migration[] = [];
  while (true) {
    const start = performance.now();
    const migration = await applyNext(executor, migrations);
    if (!migration) return applied;
    applied.push(migration);
    options.onApplied?.(migration, performance.now() - start);
  }
}

async function applyNext(executor: SqlExecutor, migrations: Migration[]): Promise<Migration | undefined> {
  return await executor.transaction(async (transaction) => {
    await transaction.query("select pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    await transaction.exec(`
      create schema if not exists supabase_migrations;
      create table if not exists supabase_migrations.schema_migrations (
        version text not null primary key, statements text[], name text
      );
    `);
    const done = (await transaction.query<{ version: string }>(
      "select version from supabase_migrations.schema_migrations order by version",
    )).map((row) => row.version);
    const next = pick(migrations, done);
    if (!next) return undefined;
    try {
      await transaction.exec(next.text);
    } catch (error) {
      throw new Error(`Cannot apply migration ${next.version}_${next.name}: ${explain(error, next.text)}`, {
        cause: error,
      });
    }
    await transaction.query(
      "insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, array[$3])",
      [next.version, next.name, next.text],
    );
    return next;
  });
}

/** The first migration that is not applied yet. */
function pick(migrations: Migration[], done: string[]): Migration | undefined {
  const unknown = done.filter((version) => !migrations.some((migration) => migration.version === version));
  if (unknown.length) {
    throw new Error(
      `Cannot apply migrations: the database has ${unknown.join(", ")}, which this folder does not; start with --fresh`,
    );
  }
  const next = migrations.find((migration) => !done.includes(migration.version));
  const last = done.at(-1);
  if (next && last !== undefined && next.version < last) {
    throw new Error(`Cannot apply migration ${next.version}: it is older than ${last}, which is applied already`);
  }
  return next;
}

function parseFile(file: SqlFile): Migration {
  const match = /^(\d+)_(.+)\.sql$/.exec(file.path);
  if (!match) throw new Error(`Cannot use migration ${file.path}: its name must be <version>_<name>.sql`);
  return { version: match[1]!, name: match[2]!, text: file.text };
}

/** A driver's message, with the line it points at. */
function explain(error: unknown, text: string): string {
  const { message, position } = error as { message: string; position?: string };
  return position ? `${message} (line ${text.slice(0, Number(position)).split("\n").length})` : message;
}

/**
 * `deno task db:migrate`: applies pending migrations to a database, or takes the newest back.
 *
 * The record is the Supabase CLI's own table, `supabase_migrations.schema_migrations`: `supabase db push` and this
 * command may take turns on one database. Exit codes: 0 done, 1 failed or refused, 2 wrong arguments.
 *
 * @module
 */
import { parseArgs } from "node:util";
import postgres from "postgres";
import { applyMigrations } from "../local/migrations.ts";
import { postgresExecutor, type SqlExecutor } from "../local/sql_executor.ts";
import { fileName, type Migration, readMigrations } from "./_migration_files.ts";
import { appliedVersions, planRollBack, rollBack } from "./_roll_back.ts";

const USAGE =
  `Usage: deno task db:migrate [--database-url URL] [--to VERSION | --down N] [--dry-run] [--allow-data-loss]

  --database-url URL  the database; default: the environment variable DATABASE_URL
  --to VERSION        apply no further than this version
  --down N            take the newest N migrations back
  --dry-run           say what would be done
  --allow-data-loss   run rollbacks that drop tables or columns`;

/** What the command line asks for. */
export interface MigrateOptions {
  databaseUrl: string;
  to?: string;
  down?: number;
  dryRun: boolean;
  allowDataLoss: boolean;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: string[]): Promise<number> {
  const options = parseOptions(args, Deno.env.get("DATABASE_URL"));
  if (typeof options === "string") {
    console.error(`${options}\n\n${USAGE}`);
    return 2;
  }
  try {
    await migrate(options, await readMigrations(), console.log);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

/**
 * Reads the command line.
 *
 * @param fallbackUrl the database when none is named
 * @returns the options, or what is wrong with them
 */
export function parseOptions(args: string[], fallbackUrl: string | undefined): MigrateOptions | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        "database-url": { type: "string" },
        to: { type: "string" },
        down: { type: "string" },
        "dry-run": { type: "boolean", default: false },
        "allow-data-loss": { type: "boolean", default: false },
      },
    });
    const databaseUrl = values["database-url"] ?? fallbackUrl;
    const down = values.down === undefined ? undefined : Number(values.down);
    if (!databaseUrl) return "No database: name it with --database-url or DATABASE_URL";
    if (!/^postgres(ql)?:\/\//.test(databaseUrl)) return "The database's address must begin with postgresql://";
    if (down !== undefined && !(Number.isInteger(down) && down > 0)) return "--down takes a whole number above 0";
    if (down !== undefined && values.to !== undefined) return "--to and --down exclude each other";
    return {
      databaseUrl,
      ...(values.to === undefined ? {} : { to: values.to }),
      ...(down === undefined ? {} : { down }),
      dryRun: values["dry-run"],
      allowDataLoss: values["allow-data-loss"],
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Does what the options ask for.
 *
 * @param say receives one line for each migration
 * @throws {Error} when a migration fails; those before it stay applied
 */
export async function migrate(
  options: MigrateOptions,
  migrations: Migration[],
  say: (line: string) => void,
): Promise<void> {
  const sql = postgres(options.databaseUrl, { max: 1, onnotice: () => {}, connect_timeout: 10 });
  try {
    const executor = postgresExecutor(sql);
    if (options.down === undefined) await goForward(executor, options, migrations, say);
    else await goBack(executor, { ...options, down: options.down }, migrations, say);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function goForward(
  executor: SqlExecutor,
  { to, dryRun }: MigrateOptions,
  all: Migration[],
  say: (line: string) => void,
): Promise<void> {
  if (to !== undefined && !all.some((migration) => migration.version === to)) {
    throw new Error(`Cannot migrate to ${to}: there is no such migration`);
  }
  const migrations = all.filter((migration) => to === undefined || migration.version <= to);
  if (dryRun) {
    const done = await appliedVersions(executor);
    const pending = migrations.filter((migration) => !done.includes(migration.version));
    for (const migration of pending) say(`would apply ${fileName(migration)}`);
    if (pending.length === 0) say("nothing to apply");
    return;
  }
  const applied = await applyMigrations(executor, {
    migrations,
    onApplied: (migration, milliseconds) => say(`applied ${fileName(migration)} in ${milliseconds.toFixed(0)} ms`),
  });
  if (applied.length === 0) say("nothing to apply");
}

async function goBack(
  executor: SqlExecutor,
  { down, dryRun, allowDataLoss }: MigrateOptions & { down: number },
  migrations: Migration[],
  say: (line: string) => void,
): Promise<void> {
  const chosen = planRollBack(migrations, await appliedVersions(executor), { count: down, allowDataLoss });
  for (const migration of chosen) {
    if (!dryRun) await rollBack(executor, migration);
    say(`${dryRun ? "would roll" : "rolled"} back ${fileName(migration)}`);
  }
  if (chosen.length === 0) say("nothing to roll back");
}

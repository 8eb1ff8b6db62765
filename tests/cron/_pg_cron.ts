/**
 * A Postgres of the system with the real pg_cron, as a cluster of the test's own.
 *
 * @module
 */
import postgres from "postgres";
import { bootstrap } from "../../supabase/local/bootstrap.ts";
import { readSqlFiles, REPOSITORY } from "../../supabase/local/schema_files.ts";
import { postgresExecutor } from "../../supabase/local/sql_executor.ts";
import { exists, serverUser } from "../helpers/_postgres_binaries.ts";
import { startPostgres } from "../helpers/postgres.ts";

/** Where Debian and Ubuntu put their versions of Postgres. */
const VERSIONS = "/usr/lib/postgresql";

/** The folder of an installed Postgres that has pg_cron; null when there is none. */
export async function findPgCron(): Promise<string | null> {
  if (!await exists(VERSIONS)) return null;
  const versions = [...Deno.readDirSync(VERSIONS)].map((entry) => entry.name).toSorted((a, b) => Number(b) - Number(a));
  for (const version of versions) {
    const folder = `${VERSIONS}/${version}`;
    if (await exists(`${folder}/lib/pg_cron.so`) && await exists(`${folder}/bin/initdb`)) return folder;
  }
  return null;
}

/** How pg_cron runs a command: as a client of its own server, or in a background worker. Projects have either. */
export type PgCronMode = "connections" | "workers";

/**
 * Milliseconds between the schema and `engine.configure`. pg_cron's launcher looks for changed jobs once a second, and
 * learns of them by invalidation messages of the server; when more than 4,096 are waiting for it, as after migrations, it
 * is told to forget everything instead, which it ignores up to version 1.6.7 (mended in its commit f677150). Jobs made in
 * such a second never run until some job is changed again.
 */
const LAUNCHER_MS = 2_500;

/** Runs `fn` with a database in which pg_cron is at work and the schema of `sql/` is loaded. */
export async function withPgCron(
  native: string,
  mode: PgCronMode,
  fn: (sql: postgres.Sql) => Promise<void>,
): Promise<void> {
  const runAs = serverUser();
  const server = await startPostgres({
    private: true,
    installation: runAs === undefined ? { native } : { native, runAs },
    // pg_cron connects as any client does, and has to give a password.
    knowsPassword: true,
    settings: {
      shared_preload_libraries: "pg_cron",
      "cron.database_name": "postgres",
      "cron.host": "127.0.0.1",
      "cron.use_background_workers": mode === "workers" ? "on" : "off",
      max_worker_processes: "32",
    },
  });
  const sql = postgres(server.url, { max: 3, onnotice: () => {} });
  try {
    await sql`create extension pg_cron`;
    const executor = postgresExecutor(sql);
    await bootstrap(executor);
    for (const file of await readSqlFiles(new URL("sql/", REPOSITORY))) await executor.exec(file.text);
    await new Promise((resolve) => setTimeout(resolve, LAUNCHER_MS));
    await fn(sql);
  } finally {
    await sql.end({ timeout: 5 });
    await server.stop();
  }
}

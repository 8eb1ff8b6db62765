/**
 * Makes a plain Postgres look like a hosted Supabase project's before its first migration: roles, grants, `auth`,
 * and stand-ins for pg_cron, pg_net and Realtime where they are missing.
 *
 * @module
 */
import type { SqlExecutor } from "./sql_executor.ts";

/** What the database has for real; what is missing is stood in for. */
export interface Extensions {
  cron: boolean;
  net: boolean;
  realtime: boolean;
}

const FOLDER = new URL("./bootstrap/", import.meta.url);

/** Any two processes that bootstrap at once would create the same roles: one after the other. */
const BOOTSTRAP_LOCK = 7_103_201;

/**
 * Runs the bootstrap; safe to run again on a database that has it.
 *
 * @returns which extensions are real in this database
 */
export async function bootstrap(executor: SqlExecutor): Promise<Extensions> {
  return await executor.transaction(async (transaction) => {
    await transaction.query("select pg_advisory_xact_lock($1)", [BOOTSTRAP_LOCK]);
    await transaction.exec("set local client_min_messages = warning");
    await transaction.exec(await readBootstrapFile("00_roles.sql"));
    if (!await relationExists(transaction, "storage.objects")) {
      // Loaded only here: it is half a megabyte that a test on a ready template never needs.
      const { getAuthSchemaSql, getStorageSchemaSql } = await import("@supabase/lite");
      await transaction.exec(getAuthSchemaSql(false));
      await transaction.exec(getStorageSchemaSql(false));
    }
    await transaction.exec(await readBootstrapFile("10_auth.sql"));
    const extensions = {
      cron: await hasExtension(transaction, "pg_cron"),
      net: await hasExtension(transaction, "pg_net"),
      realtime: await hasRealtime(transaction),
    };
    if (!extensions.cron) await transaction.exec(await readBootstrapFile("20_cron.sql"));
    if (!extensions.net) await transaction.exec(await readBootstrapFile("30_net.sql"));
    await transaction.exec(await readBootstrapFile("40_storage.sql"));
    if (!extensions.realtime) await transaction.exec(await readBootstrapFile("50_realtime.sql"));
    return extensions;
  });
}

/** The text of every bootstrap file, for a hash over all that shapes a fresh database. */
export async function readBootstrapFiles(): Promise<string> {
  const names = [...Deno.readDirSync(FOLDER)].map((entry) => entry.name).sort();
  return (await Promise.all(names.map(readBootstrapFile))).join("\n");
}

function readBootstrapFile(name: string): Promise<string> {
  return Deno.readTextFile(new URL(name, FOLDER));
}

async function hasExtension(executor: SqlExecutor, name: string): Promise<boolean> {
  return (await executor.query("select from pg_extension where extname = $1", [name])).length > 0;
}

/** Realtime is no extension: its table is there, and it is not the one that the stand-in makes. */
async function hasRealtime(executor: SqlExecutor): Promise<boolean> {
  const [row] = await executor.query<{ found: boolean }>(`
    select to_regclass('realtime.messages') is not null
      and coalesce(obj_description(to_regnamespace('realtime'), 'pg_namespace'), '') not like 'Stand-in%' as found
  `);
  return row?.found === true;
}

async function relationExists(executor: SqlExecutor, name: string): Promise<boolean> {
  const [row] = await executor.query<{ found: boolean }>("select to_regclass($1) is not null as found", [name]);
  return row?.found === true;
}

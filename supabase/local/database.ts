/**
 * The stack's database: PGlite in a folder by default, any Postgres by its connection string.
 *
 * @module
 */
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { vector } from "@electric-sql/pglite/vector";
import { createPgliteConnection } from "@supabase/lite/pglite";
import { createPostgresConnection } from "@supabase/lite/postgres";
import postgres from "postgres";
import { PGLITE_PARSERS, PGLITE_SERIALIZERS, POSTGRES_TYPES } from "./lite_types.ts";
import { Mutex } from "./mutex.ts";
import { pgliteExecutor, postgresExecutor, type SqlExecutor } from "./sql_executor.ts";

/** The connection object that lite works with. */
export type LiteConnection =
  | Awaited<ReturnType<typeof createPgliteConnection>>
  | ReturnType<typeof createPostgresConnection>;

/** An open database. */
export interface LocalDatabase {
  /** Connection string that other processes may use; null for PGlite, which only this process can reach. */
  url: string | null;
  /** Runs SQL as the superuser. */
  executor: SqlExecutor;
  connection: LiteConnection;
  /**
   * Runs a piece of lite's work. PGlite has one connection and lite opens transactions on it without asking whether
   * it is in one: two requests at once would share a transaction, and with it a role. So they go one by one.
   */
  exclusively<T>(fn: () => Promise<T>): Promise<T>;
  /** Calls `onNotify` for each notification on a channel. */
  listen(channel: string, onNotify: () => void): Promise<void>;
  close(): Promise<void>;
}

/** Connections of lite and of the stack's own work, for a real Postgres. */
const LITE_CONNECTIONS = 16;
const OWN_CONNECTIONS = 4;

/**
 * Opens PGlite with the extensions that the schema may ask for.
 *
 * @param folder where it keeps its data; null keeps it in memory
 */
export async function openPglite(folder: string | null): Promise<LocalDatabase> {
  const connection = await createPgliteConnection({
    ...(folder === null ? {} : { url: folder }),
    pgliteOptions: { extensions: { pg_trgm, vector }, parsers: PGLITE_PARSERS, serializers: PGLITE_SERIALIZERS },
  });
  const { driver } = connection;
  await driver.waitReady;
  const mutex = new Mutex();
  const inner = pgliteExecutor(driver);
  return {
    url: null,
    executor: {
      exec: (text) => mutex.run(() => inner.exec(text)),
      query: (text, parameters) => mutex.run(() => inner.query(text, parameters)),
      transaction: (fn) => mutex.run(() => inner.transaction(fn)),
    },
    connection,
    exclusively: (fn) => mutex.run(fn),
    async listen(channel, onNotify) {
      await mutex.run(() => driver.listen(channel, onNotify));
    },
    close: () => mutex.run(() => connection.close()),
  };
}

/**
 * Opens a Postgres.
 *
 * @param url connection string of a superuser (or of the role `postgres` of a Supabase project)
 */
export function openPostgres(url: string): LocalDatabase {
  const connection = createPostgresConnection({
    url,
    postgresOptions: { max: LITE_CONNECTIONS, connect_timeout: 5, onnotice: () => {}, types: POSTGRES_TYPES },
  });
  const sql = postgres(url, { max: OWN_CONNECTIONS, connect_timeout: 5, onnotice: () => {} });
  return {
    url,
    executor: postgresExecutor(sql),
    connection,
    exclusively: (fn) => fn(),
    async listen(channel, onNotify) {
      await sql.listen(channel, onNotify);
    },
    async close() {
      await Promise.all([sql.end({ timeout: 2 }), connection.driver.end({ timeout: 2 })]);
    },
  };
}

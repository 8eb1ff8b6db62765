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
import { guardReserve, RenewablePool, surviveClosedSockets } from "./postgres_guard.ts";
import { pgliteExecutor, postgresExecutor, type SqlExecutor } from "./sql_executor.ts";

type PostgresConnection = ReturnType<typeof createPostgresConnection>;

/** The connection object that lite works with. */
export type LiteConnection = Awaited<ReturnType<typeof createPgliteConnection>> | PostgresConnection;

/** What of it reaches the database. */
type LiteClient = Pick<PostgresConnection, "driver" | "kysely">;

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

/** Longer than any statement of an API role may take (8 s); see `surviveClosedSockets`. */
const LITE_LIMIT_MS = 10_000;
/** Connections of lite and of the stack's own work, for a real Postgres. */
const LITE_CONNECTIONS = 16;
const OWN_CONNECTIONS = 4;

/** Times in seconds. The driver's own backoff goes up to 20: too long to notice that the server is back. */
const POOL = { connect_timeout: 5, backoff: () => 0.1, onnotice: () => {} };

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
  surviveClosedSockets();
  const own = new RenewablePool(
    () => postgres(url, { ...POOL, max: OWN_CONNECTIONS }),
    (sql) => sql.end({ timeout: 0 }),
  );
  const listener = postgres(url, { ...POOL, max: 1 });
  const open = () =>
    createPostgresConnection({ url, postgresOptions: { ...POOL, max: LITE_CONNECTIONS, types: POSTGRES_TYPES } });
  const clients: RenewablePool<LiteClient> = new RenewablePool(() => {
    const { driver, kysely } = open();
    const client = { driver, kysely };
    // Many requests notice the same loss; only the first of them renews.
    guardReserve(driver, () => {
      clients.renew(client);
      Object.assign(connection, clients.current);
    });
    return client;
  }, ({ driver }) => driver.end({ timeout: 0 }));
  // lite and the gateway hold on to this one object: a renewal changes what is inside.
  const connection = Object.assign(open(), clients.current);
  return {
    url,
    executor: {
      exec: (text) => own.use((sql) => postgresExecutor(sql).exec(text)),
      query: (text, parameters) => own.use((sql) => postgresExecutor(sql).query(text, parameters)),
      transaction: (fn) => own.use((sql) => postgresExecutor(sql).transaction(fn)),
    },
    connection,
    exclusively: (fn) => withTimeLimit(fn()),
    async listen(channel, onNotify) {
      await listener.listen(channel, onNotify);
    },
    async close() {
      await Promise.all([own.close(), clients.close(), listener.end({ timeout: 0 })]);
    },
  };
}

async function withTimeLimit<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DatabaseTimeoutError()), LITE_LIMIT_MS);
  });
  return await Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

/** The database gave no answer in time. */
export class DatabaseTimeoutError extends Error {
  override readonly name = "DatabaseTimeoutError";

  constructor() {
    super(`The database gave no answer within ${LITE_LIMIT_MS / 1000} seconds`);
  }
}

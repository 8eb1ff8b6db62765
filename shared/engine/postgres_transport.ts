import type postgres from "postgres";
import { readDatabaseAddress } from "../db/mod.ts";
import { fromPostgres, serviceUnavailable } from "../errors/mod.ts";
import type { Json } from "../graph/mod.ts";
import { createLog } from "../log/mod.ts";
import { listenForWork } from "./_listen_for_work.ts";
import { ENGINE_FUNCTIONS, type EngineFunction, type EngineTransport } from "./client.ts";

/** Options of {@linkcode postgresTransport}. */
export interface PostgresTransportOptions {
  /** Connections. Default 2: one settles while the other claims. */
  connections?: number;
  /** Seconds to wait for a connection. Default 5. */
  connectTimeoutSeconds?: number;
  /** Seconds after which nobody knows what became of a call that was not answered. Default 20: less than a lease. */
  answerTimeoutSeconds?: number;
}

/**
 * Engine calls over a connection of their own. Statements are prepared, which saves a round trip, unless a pooler may give
 * each call another connection. Where the address does not say whether one does ({@link readDatabaseAddress}), the first
 * call asks which process of Postgres answers: another one than the connection was made with means a pooler, and to be
 * sure nothing is prepared there.
 *
 * @param url Connection string, `SUPABASE_DB_URL`.
 */
export async function postgresTransport(url: string, options: PostgresTransportOptions = {}): Promise<EngineTransport> {
  // Loaded when it is used: most isolates speak to the Data API only.
  const { default: connect } = await import("postgres");
  const { href, isTransactionPooler } = readDatabaseAddress(url);
  /** Null until it is known. */
  let isPrepared = isTransactionPooler === null ? null : !isTransactionPooler;
  const open = (): postgres.Sql =>
    connect(href, {
      max: options.connections ?? 2,
      // Each call says whether it is.
      prepare: true,
      fetch_types: false,
      connect_timeout: options.connectTimeoutSeconds ?? 5,
      onnotice: () => {},
      connection: { application_name: "millrace" },
    });
  const patienceSeconds = options.answerTimeoutSeconds ?? 20;
  let sql = open();
  return {
    async call(name, args) {
      const used = sql;
      const asks = isPrepared === null;
      const statement = asks ? `${STATEMENTS[name]}, pg_catalog.pg_backend_pid() as process` : STATEMENTS[name];
      const answer = used.unsafe(statement, encodeArguments(name, args), { prepare: isPrepared ?? false });
      const silence = Promise.withResolvers<never>();
      let isHeard = false;
      const timer = setTimeout(() => {
        // Cleared too late: Deno 2.1 may call it all the same.
        if (isHeard) return;
        // The way to Postgres may be dead without anybody having said so: nothing comes back on these connections.
        if (sql === used) sql = open();
        answer.catch(() => {});
        used.end({ timeout: 0 }).catch(() => {});
        silence.reject(serviceUnavailable(`No answer to ${name} within ${patienceSeconds} s`));
      }, patienceSeconds * 1000);
      try {
        const rows = await Promise.race([answer, silence.promise]);
        if (asks) isPrepared ??= isDirect(rows);
        return (rows[0]?.reply ?? null) as Json;
      } catch (error) {
        throw fromPostgres(error);
      } finally {
        isHeard = true;
        clearTimeout(timer);
      }
    },
    listen: (onNotify) => listenForWork(sql, onNotify),
    close: () => sql.end({ timeout: 5 }),
  };
}

/** Whether the process that answered is the one that the connection was made with. */
function isDirect(rows: postgres.RowList<postgres.Row[]>): boolean {
  if (rows[0]?.process === rows.state.pid) return true;
  createLog("engine").warn("database.pooled", {
    advice: "A pooler answers at SUPABASE_DB_URL: every call takes two round trips. Connect directly, or say " +
      "pgbouncer=true (transaction mode) or pgbouncer=false (session mode) in it: docs/deploy.md, Direct connections",
  });
  return false;
}

/** `select engine.name(p_a => $1::text::jsonb, …)`: every argument travels as text, whatever the driver thinks of its type. */
const STATEMENTS = Object.fromEntries(
  Object.entries(ENGINE_FUNCTIONS).map(([name, parameters]) => {
    const list = Object.entries(parameters).map(([parameter, type], index) =>
      `${parameter} => $${index + 1}::text::${type}`
    );
    return [name, `select engine.${name}(${list.join(", ")}) as reply`];
  }),
) as Record<EngineFunction, string>;

function encodeArguments(name: EngineFunction, args: { [parameter: string]: Json }): (string | null)[] {
  return Object.entries(ENGINE_FUNCTIONS[name]).map(([parameter, type]) => {
    const value = args[parameter] ?? null;
    if (value === null) return null;
    if (type === "jsonb") return JSON.stringify(value);
    if (Array.isArray(value)) return `{${value.join(",")}}`;
    return String(value);
  });
}

import type postgres from "postgres";
import { fromPostgres, serviceUnavailable } from "../errors/mod.ts";
import type { Json } from "../graph/mod.ts";
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

/** Where Supabase's pooler hands out connections by the transaction. */
const TRANSACTION_POOLER_PORT = "6543";

/**
 * Engine calls over a connection of their own. Statements are prepared, which saves a round trip, but for port 6543: there
 * a transaction pooler sits between (https://supabase.com/docs/guides/database/connecting-to-postgres), which gives each
 * call another connection. One at another port says so by `pgbouncer=true` in the address.
 *
 * @param url Connection string, `SUPABASE_DB_URL`.
 */
export async function postgresTransport(url: string, options: PostgresTransportOptions = {}): Promise<EngineTransport> {
  // Loaded when it is used: most isolates speak to the Data API only.
  const { default: connect } = await import("postgres");
  const address = new URL(url);
  const isPrepared = address.port !== TRANSACTION_POOLER_PORT && address.searchParams.get("pgbouncer") !== "true";
  // Not a setting of Postgres, which would refuse it.
  address.searchParams.delete("pgbouncer");
  const open = (): postgres.Sql =>
    connect(address.href, {
      max: options.connections ?? 2,
      prepare: isPrepared,
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
      // Said here again: the driver prepares no unsafe statement unless asked to, whatever the connection's option says.
      const answer = used.unsafe(STATEMENTS[name], encodeArguments(name, args), { prepare: isPrepared });
      const silence = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        // The way to Postgres may be dead without anybody having said so: nothing comes back on these connections.
        if (sql === used) sql = open();
        answer.catch(() => {});
        used.end({ timeout: 0 }).catch(() => {});
        silence.reject(serviceUnavailable(`No answer to ${name} within ${patienceSeconds} s`));
      }, patienceSeconds * 1000);
      try {
        const [row] = await Promise.race([answer, silence.promise]);
        return (row?.reply ?? null) as Json;
      } catch (error) {
        throw fromPostgres(error);
      } finally {
        clearTimeout(timer);
      }
    },
    listen: (onNotify) => listenForWork(sql, onNotify),
    close: () => sql.end({ timeout: 5 }),
  };
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

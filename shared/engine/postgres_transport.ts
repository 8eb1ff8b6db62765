import type postgres from "postgres";
import { fromPostgres } from "../errors/mod.ts";
import type { Json } from "../graph/mod.ts";
import { listenForWork } from "./_listen_for_work.ts";
import { ENGINE_FUNCTIONS, type EngineFunction, type EngineTransport } from "./client.ts";

/** Options of {@linkcode postgresTransport}. */
export interface PostgresTransportOptions {
  /** Connections. Default 2: one settles while the other claims. */
  connections?: number;
  /** Seconds to wait for a connection. Default 5. */
  connectTimeoutSeconds?: number;
}

/**
 * Engine calls over a connection of their own. No prepared statements, so that a transaction pooler
 * (https://supabase.com/docs/guides/database/connecting-to-postgres) may sit between.
 *
 * @param url Connection string, `SUPABASE_DB_URL`.
 */
export async function postgresTransport(url: string, options: PostgresTransportOptions = {}): Promise<EngineTransport> {
  // Loaded when it is used: most isolates speak to the Data API only.
  const { default: connect } = await import("postgres");
  const sql: postgres.Sql = connect(url, {
    max: options.connections ?? 2,
    prepare: false,
    fetch_types: false,
    connect_timeout: options.connectTimeoutSeconds ?? 5,
    onnotice: () => {},
    connection: { application_name: "millrace" },
  });
  return {
    async call(name, args) {
      try {
        const [row] = await sql.unsafe(STATEMENTS[name], encodeArguments(name, args));
        return (row?.reply ?? null) as Json;
      } catch (error) {
        throw fromPostgres(error);
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

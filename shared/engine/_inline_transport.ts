import { isAppError } from "../errors/mod.ts";
import type { EngineTransport } from "./client.ts";
import { postgresTransport } from "./postgres_transport.ts";

/** Codes with which no connection came about, so that nothing can have run: of the system, the driver, Postgres. */
const NEVER_RAN = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "CONNECT_TIMEOUT", "53300"]);

/** Connections of an isolate: requests of a burst share them. */
const CONNECTIONS = 4;

/**
 * Engine calls of requests over a direct connection that is opened by the first of them. A call for which no connection
 * can be had (there are too many, or none may be made) goes through the Data API instead.
 *
 * @param url Connection string, `SUPABASE_DB_URL`.
 * @param dataApi What carries calls otherwise.
 */
export function inlineTransport(url: string, dataApi: EngineTransport): EngineTransport {
  let opening: Promise<EngineTransport> | undefined;
  return {
    async call(name, args) {
      const direct = await (opening ??= postgresTransport(url, { connections: CONNECTIONS }));
      try {
        return await direct.call(name, args);
      } catch (error) {
        if (!neverRan(error)) throw error;
        return await dataApi.call(name, args);
      }
    },
    async close() {
      await (await opening)?.close();
      await dataApi.close();
    },
  };
}

function neverRan(error: unknown): boolean {
  const cause = isAppError(error) ? error.cause : error;
  return cause instanceof Error && NEVER_RAN.has(String((cause as { code?: unknown }).code));
}

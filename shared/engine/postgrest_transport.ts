import { type DatabaseClient, rpc } from "../db/mod.ts";
import type { Json } from "../graph/mod.ts";
import type { EngineTransport } from "./client.ts";

/**
 * Engine calls through the Data API.
 *
 * @param client A client that acts as `service_role`: the engine's functions are executable by nobody else.
 */
export function postgrestTransport(client: DatabaseClient): EngineTransport {
  return {
    call: (name, args) => rpc<Json>(client, name, args, { schema: "engine" }),
    close: () => Promise.resolve(),
  };
}

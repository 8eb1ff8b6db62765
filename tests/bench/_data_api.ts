import { adminClient } from "../../shared/db/mod.ts";
import { type EngineTransport, postgrestTransport } from "../../shared/engine/mod.ts";
import { readEnv } from "../../shared/env/mod.ts";
import { loadConfig } from "../../supabase/local/config.ts";
import { openPostgres } from "../../supabase/local/database.ts";
import type { FunctionsHost } from "../../supabase/local/functions_host.ts";
import { createGateway, type Gateway } from "../../supabase/local/gateway.ts";
import { jwksOf, loadKeys, type ProjectKeys } from "../../supabase/local/keys.ts";
import { createLiteApp } from "../../supabase/local/lite_app.ts";
import type { TestDatabase } from "../helpers/postgres.ts";

/**
 * The engine's calls through the local stack's Data API over HTTP. It answers in this process, so what it costs is
 * counted as well; a hosted PostgREST is faster.
 */
export async function dataApiTransport(db: TestDatabase): Promise<EngineTransport> {
  const keys = await loadKeys(null);
  const { port, stop } = await serveDataApi(db.url, keys);
  const variables = projectVariables(`http://127.0.0.1:${port}`, keys);
  const transport = postgrestTransport(adminClient(readEnv((name) => variables[name])));
  return { call: transport.call, close: stop };
}

/** The environment of functions of a project. */
export function projectVariables(url: string, keys: ProjectKeys): Record<string, string> {
  return {
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify(keys.publishable),
    SUPABASE_SECRET_KEYS: JSON.stringify(keys.secret),
    SUPABASE_JWKS: JSON.stringify(jwksOf(keys)),
  };
}

/** Serves the local stack's Data API on a free port of this machine. */
export async function serveDataApi(
  databaseUrl: string,
  keys: ProjectKeys,
): Promise<{ port: number; stop(): Promise<void> }> {
  const database = openPostgres(databaseUrl);
  const config = await loadConfig();
  const app = createLiteApp({ database, keys, config, storageFolder: await Deno.makeTempDir() });
  const functions = { has: () => false, fetch: () => Promise.resolve(new Response(null)) };
  const ready = Promise.withResolvers<Gateway>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => await (await ready.promise)(request, "127.0.0.1"),
  );
  const { port } = server.addr;
  const url = `http://127.0.0.1:${port}`;
  ready.resolve(createGateway({ app, database, functions: functions as unknown as FunctionsHost, keys, config, url }));
  return {
    port,
    async stop() {
      await server.shutdown();
      await database.close();
    },
  };
}

import { adminClient } from "../../shared/db/mod.ts";
import { type EngineTransport, postgrestTransport } from "../../shared/engine/mod.ts";
import { readEnv } from "../../shared/env/mod.ts";
import { loadConfig } from "../../supabase/local/config.ts";
import { openPostgres } from "../../supabase/local/database.ts";
import type { FunctionsHost } from "../../supabase/local/functions_host.ts";
import { createGateway, type Gateway } from "../../supabase/local/gateway.ts";
import { jwksOf, loadKeys } from "../../supabase/local/keys.ts";
import { createLiteApp } from "../../supabase/local/lite_app.ts";
import type { TestDatabase } from "../helpers/postgres.ts";

/**
 * The engine's calls through the local stack's Data API over HTTP. It answers in this process, so what it costs is
 * counted as well; a hosted PostgREST is faster.
 */
export async function dataApiTransport(db: TestDatabase): Promise<EngineTransport> {
  const database = openPostgres(db.url);
  const keys = await loadKeys(null);
  const config = await loadConfig();
  const app = createLiteApp({ database, keys, config, storageFolder: await Deno.makeTempDir() });
  const functions = { has: () => false, fetch: () => Promise.resolve(new Response(null)) };
  const ready = Promise.withResolvers<Gateway>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => await (await ready.promise)(request, "127.0.0.1"),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  ready.resolve(createGateway({ app, database, functions: functions as unknown as FunctionsHost, keys, config, url }));
  const variables: Record<string, string> = {
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify(keys.publishable),
    SUPABASE_SECRET_KEYS: JSON.stringify(keys.secret),
    SUPABASE_JWKS: JSON.stringify(jwksOf(keys)),
  };
  const transport = postgrestTransport(adminClient(readEnv((name) => variables[name])));
  return {
    call: transport.call,
    async close() {
      await server.shutdown();
      await database.close();
    },
  };
}

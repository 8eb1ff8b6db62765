/**
 * The functions on a test's own database, as in `api.ts`, with the Data API on a port as well: what runs flows (the
 * engine) calls it by its address.
 *
 * @module
 */
import type { Router } from "../../shared/http/mod.ts";
import { type ApiOptions, type TestApi, withApi } from "./api.ts";

/** The address that tokens of `withApi` name as their issuer. */
const ISSUING_PROJECT = "http://project.test";

/** Runs `fn` with the functions of these routers on a fresh database, the engine included. */
export async function withServedApi<T>(
  routers: readonly Router[],
  fn: (api: TestApi) => Promise<T>,
  apiOptions: ApiOptions = {},
): Promise<T> {
  let project: typeof fetch | undefined;
  const stop = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen() {} };
  const server = Deno.serve(options, async (request) => {
    try {
      return await project?.(request) ?? away();
    } catch {
      return away();
    }
  });
  const env = {
    SUPABASE_URL: `http://127.0.0.1:${server.addr.port}`,
    SUPABASE_PUBLIC_URL: ISSUING_PROJECT,
    WORKER_TRANSPORT: "postgrest",
    ...apiOptions.env,
  };
  try {
    return await withApi(routers, (api) => {
      project = api.fetch;
      return fn(api);
    }, { ...apiOptions, env });
  } finally {
    // Not graceful: nothing is under way any more, and Deno 2.1.4 may wait minutes for a connection that is idle.
    stop.abort();
    await server.finished;
  }
}

/** What PostgREST answers while it cannot reach the database. */
function away(): Response {
  return Response.json({ code: "PGRST001", message: "Database connection error", details: null, hint: null }, {
    status: 503,
  });
}

/**
 * Clients of the Data API.
 *
 * They are those of `@supabase/postgrest-js`, the part of supabase-js that speaks to PostgREST: the same `from`,
 * `rpc` and `schema`. Importing all of supabase-js (Auth, Realtime, Storage) costs 11–13 ms more at every cold start,
 * this part 1 ms (Deno 2.1.4 and 2.9.6, warm cache).
 *
 * @module
 */
import { PostgrestClient } from "@supabase/postgrest-js";
import type { Env } from "../env/mod.ts";
import type { Database } from "./database_types.ts";

/** A client of the Data API, typed by the database. */
export type DatabaseClient = PostgrestClient<Database>;

/** What both kinds of client take. */
export interface ClientOptions {
  /** Another fetch, for tests. */
  readonly fetch?: typeof fetch | undefined;
  /** Headers for every call: request id and trace context. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A call that takes longer is given up (milliseconds). Longer than the database's own limit of 8 s for a statement. */
const TIMEOUT_MILLISECONDS = 15_000;

const adminClients = new WeakMap<Env, DatabaseClient>();

/**
 * A client that the database sees as the caller: RLS decides.
 *
 * @param env The environment.
 * @param jwt The caller's verified access token; null for the role `anon`. A function is asked for one by every call:
 *   for tokens that are shorter than what they are used for.
 */
export function callerClient(
  env: Env,
  jwt: string | (() => Promise<string>) | null,
  options: ClientOptions = {},
): DatabaseClient {
  const key = env.publishableKeys.default ?? Object.values(env.publishableKeys)[0] ?? "";
  if (typeof jwt !== "function") return createClient(env, key, jwt ?? key, options);
  return createClient(env, key, key, { ...options, fetch: withToken(jwt, options.fetch ?? fetch) });
}

/** A fetch that asks for a token before each call. */
function withToken(token: () => Promise<string>, inner: typeof fetch): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("Authorization", `Bearer ${await token()}`);
    return await inner(input, { ...init, headers });
  };
}

/**
 * A client that the database sees as `service_role`, past RLS: only where no caller exists. Kept for the isolate when
 * no option is given. Every use is listed in docs/security.md.
 *
 * @param env The environment.
 */
export function adminClient(env: Env, options?: ClientOptions): DatabaseClient {
  const key = env.secretKeys.default;
  if (options !== undefined) return createClient(env, key, key, options);
  let client = adminClients.get(env);
  if (client === undefined) {
    client = createClient(env, key, key, {});
    adminClients.set(env, client);
  }
  return client;
}

function createClient(env: Env, apikey: string, token: string, options: ClientOptions): DatabaseClient {
  return new PostgrestClient<Database>(`${env.supabaseUrl}/rest/v1`, {
    headers: { ...options.headers, apikey, Authorization: `Bearer ${token}` },
    timeout: TIMEOUT_MILLISECONDS,
    // Its retries wait up to seven seconds: our callers get 503 with Retry-After at once and decide themselves.
    retry: false,
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
}

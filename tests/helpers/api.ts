/**
 * The functions on a test's own database: Data API and functions answer in this process, under the paths of a project,
 * without a port.
 *
 * ```ts
 * Deno.test("GET /flows lists flows", () =>
 *   withApi([flows], async (api) => {
 *     const ada = await api.createUser();
 *     const response = await ada.get("/flows");
 *     assertEquals(response.status, 200);
 *   }));
 * ```
 *
 * @module
 */
import "./byte_encodings.ts";
import { SignJWT } from "jose";
import type { ProblemDetails } from "../../shared/errors/mod.ts";
import { type Env, readEnv } from "../../shared/env/mod.ts";
import { type App, type AppOptions, backgroundSettled, createApp, type Router } from "../../shared/http/mod.ts";
import { loadConfig } from "../../supabase/local/config.ts";
import { type LocalDatabase, openPostgres } from "../../supabase/local/database.ts";
import type { FunctionsHost } from "../../supabase/local/functions_host.ts";
import { createGateway, type Gateway } from "../../supabase/local/gateway.ts";
import { jwksOf, loadKeys, type ProjectKeys } from "../../supabase/local/keys.ts";
import { createLiteApp } from "../../supabase/local/lite_app.ts";
import { ReportedError } from "../../supabase/local/lite_errors.ts";
import { createDatabase, type TestDatabase } from "./postgres.ts";

/** The address of the project; nothing listens there. */
const URL_OF_PROJECT = "http://project.test";

/** Options of {@linkcode withApi}. */
export interface ApiOptions {
  /** Variables of the functions over the usual ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** Mounted routers of the function `api`, and whatever else an app takes. */
  readonly app?: Partial<AppOptions>;
}

/** An answer, read. */
export interface ApiReply<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A body of which nothing is known: an error's fields are named, everything else must be looked at with care. */
export type AnyBody = ProblemDetails & Readonly<Record<string, unknown>>;

/** What a request may say besides method, path and body. */
export type ApiHeaders = Readonly<Record<string, string>>;

/** Somebody who calls the functions. `T` is what the caller of these methods expects in the body. */
export interface ApiCaller {
  send<T = AnyBody>(method: string, path: string, body?: unknown, headers?: ApiHeaders): Promise<ApiReply<T>>;
  get<T = AnyBody>(path: string, headers?: ApiHeaders): Promise<ApiReply<T>>;
  post<T = AnyBody>(path: string, body?: unknown, headers?: ApiHeaders): Promise<ApiReply<T>>;
  patch<T = AnyBody>(path: string, body?: unknown, headers?: ApiHeaders): Promise<ApiReply<T>>;
  delete<T = AnyBody>(path: string, headers?: ApiHeaders): Promise<ApiReply<T>>;
}

/** A signed-in user with the organization of her first call. */
export interface ApiUser extends ApiCaller {
  readonly id: string;
  readonly email: string;
  readonly token: string;
  readonly organizationId: string;
}

/** The functions of one test. */
export interface TestApi {
  readonly db: TestDatabase;
  readonly env: Env;
  /** The variables that the environment was read from, for functions in a process of their own. */
  readonly variables: Readonly<Record<string, string>>;
  /** Like the global one, but the project answers here. */
  readonly fetch: typeof fetch;
  /** Runs `fn` while the Data API cannot be reached. */
  withoutDatabase<T>(fn: () => Promise<T>): Promise<T>;
  /** Somebody with the publishable key and nothing else. */
  readonly anonymous: ApiCaller;
  /** An operator with the secret key. */
  readonly operator: ApiCaller;
  /** Somebody with headers of one's own. */
  caller(headers: ApiHeaders): ApiCaller;
  /** A new user; the gate makes her organization. */
  createUser(): Promise<ApiUser>;
  /** A new user whose only organization is another user's. */
  createMember(organizationId: string, role: string): Promise<ApiUser>;
}

/** Runs `fn` with the functions of these routers on a fresh database. */
export async function withApi<T>(
  routers: readonly Router[],
  fn: (api: TestApi) => Promise<T>,
  options: ApiOptions = {},
): Promise<T> {
  const db = await createDatabase({ connections: 2 });
  const database = openPostgres(db.url);
  const storageFolder = await Deno.makeTempDir({ prefix: "millrace-storage-" });
  const { error } = console;
  // lite writes every refusal to the terminal; the tests read them from the answers.
  console.error = (...parts: unknown[]) => parts[0] instanceof ReportedError ? undefined : error(...parts);
  try {
    return await fn(await startApi(routers, db, database, storageFolder, options));
  } finally {
    console.error = error;
    await backgroundSettled();
    await database.close();
    await db.drop();
    await Deno.remove(storageFolder, { recursive: true });
  }
}

async function startApi(
  routers: readonly Router[],
  db: TestDatabase,
  database: LocalDatabase,
  storageFolder: string,
  options: ApiOptions,
): Promise<TestApi> {
  const keys = await loadKeys(null);
  const config = await loadConfig();
  const variables = variablesOf(keys, options.env);
  const env = readEnv((name) => variables[name]);
  const apps = new Map<string, App>();
  const app = createLiteApp({ database, keys, config, storageFolder });
  const functions = {
    has: (slug: string) => apps.has(slug),
    fetch: async (request: Request) =>
      await apps.get(new URL(request.url).pathname.split("/")[1] ?? "")?.fetch(request) ?? new Response(null),
  };
  const gateway = createGateway({
    app,
    database,
    functions: functions as FunctionsHost,
    keys,
    config,
    url: URL_OF_PROJECT,
  });
  const state = { down: false };
  const project: typeof fetch = async (input, init) => {
    if (state.down) throw new TypeError("error sending request: connection refused");
    return await gateway(new Request(input, init), "127.0.0.1");
  };
  for (const router of routers) {
    const appOptions: AppOptions = { env, fetch: project, checkResponses: true, write: () => {}, ...options.app };
    apps.set(router.name, createApp(router.name, router, appOptions));
  }
  return createTestApi({ db, keys, env, variables, gateway, project, state });
}

interface TestApiParts {
  readonly db: TestDatabase;
  readonly keys: ProjectKeys;
  readonly env: Env;
  readonly variables: Readonly<Record<string, string>>;
  readonly gateway: Gateway;
  readonly project: typeof fetch;
  readonly state: { down: boolean };
}

function createTestApi({ db, keys, env, variables, gateway, project, state }: TestApiParts): TestApi {
  const caller = (headers: ApiHeaders) => createCaller(gateway, headers);
  const signIn = async (organization: { id: string; role: string } | null): Promise<ApiUser> => {
    const { id, email, claims } = await db.createUser();
    if (organization !== null) {
      await db.sql`insert into public.profiles (id, email) values (${id}, ${email})`;
      await db.sql`
        insert into public.organization_members (organization_id, user_id, role)
        values (${organization.id}, ${id}, ${organization.role})`;
    }
    const [row] = await db.as("authenticated", claims, (sql) => sql`select public.gate() ->> 'organization_id' as id`);
    const token = await signToken(keys, claims);
    return {
      ...caller({ apikey: keys.publishable.default, authorization: `Bearer ${token}` }),
      id,
      email,
      token,
      organizationId: row?.id,
    };
  };
  return {
    db,
    env,
    variables,
    fetch: project,
    async withoutDatabase(fn) {
      state.down = true;
      try {
        return await fn();
      } finally {
        state.down = false;
      }
    },
    anonymous: caller({ apikey: keys.publishable.default }),
    operator: caller({ apikey: keys.secret.default }),
    caller,
    createUser: () => signIn(null),
    createMember: (organizationId, role) => signIn({ id: organizationId, role }),
  };
}

function createCaller(gateway: Gateway, own: ApiHeaders): ApiCaller {
  const send = async <T>(method: string, path: string, body?: unknown, headers?: ApiHeaders): Promise<ApiReply<T>> => {
    const isText = typeof body === "string";
    const response = await gateway(
      new Request(`${URL_OF_PROJECT}/functions/v1${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...own, ...headers },
        ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
      }),
      "127.0.0.1",
    );
    const text = await response.text();
    const isJson = /[/+]json\b/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as T };
  };
  return {
    send,
    get: (path, headers) => send("GET", path, undefined, headers),
    post: (path, body, headers) => send("POST", path, body, headers),
    patch: (path, body, headers) => send("PATCH", path, body, headers),
    delete: (path, headers) => send("DELETE", path, undefined, headers),
  };
}

function variablesOf(keys: ProjectKeys, overrides: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    SUPABASE_URL: URL_OF_PROJECT,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify(keys.publishable),
    SUPABASE_SECRET_KEYS: JSON.stringify(keys.secret),
    SUPABASE_JWKS: JSON.stringify(jwksOf(keys)),
    MILLRACE_MASTER_KEYS: JSON.stringify(keys.master),
    MILLRACE_SIGNING_KEY: JSON.stringify(jwksOf(keys).keys[0]),
    LOG_LEVEL: "error",
    ...overrides,
  };
}

async function signToken(keys: ProjectKeys, claims: Record<string, unknown>): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return await new SignJWT({ iss: `${URL_OF_PROJECT}/auth/v1`, iat: now, exp: now + 3600, ...claims })
    .setProtectedHeader({ alg: "HS256", kid: keys.kid, typ: "JWT" })
    .sign(new TextEncoder().encode(keys.jwtSecret));
}

/**
 * What whole-HTTP tests need: an environment, access tokens, and a Data API that lives in memory. No server, no port:
 * `createApp(name, router, testOptions(fake)).request(path, init)`.
 *
 * @module
 */
import { SignJWT } from "jose";
import { type Env, readEnv } from "../../shared/env/mod.ts";
import { type AppOptions, ROLE_PERMISSIONS } from "../../shared/http/mod.ts";

/** Keys of the test environment. */
export const TEST_KEYS = {
  publishable: "sb_publishable_test0000000000000000",
  secret: "sb_secret_test00000000000000000000",
  cron: "sb_secret_cron00000000000000000000",
} as const;

/** The user and the organization that tests speak for when they name no other. */
export const TEST_USER_ID = "0193a000-0000-7000-8000-000000000001";
export const TEST_ORGANIZATION_ID = "0193a000-0000-7000-8000-00000000000a";

const KEY_ID = "test-key";
const SUPABASE_URL = "http://project.test";
const secret = new TextEncoder().encode("a secret of at least thirty-two bytes, for tests");
const jwk = { kty: "oct", kid: KEY_ID, alg: "HS256", k: toBase64Url(secret) };

/**
 * An environment that is complete.
 *
 * @param overrides Variables by name; undefined takes one away.
 */
export function testEnv(overrides: Readonly<Record<string, string | undefined>> = {}): Env {
  const variables: Record<string, string | undefined> = {
    SUPABASE_URL,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: TEST_KEYS.publishable }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: TEST_KEYS.secret, cron: TEST_KEYS.cron }),
    SUPABASE_JWKS: JSON.stringify({ keys: [jwk] }),
    MILLRACE_SIGNING_KEY: overrides.SUPABASE_JWKS === undefined ? JSON.stringify(jwk) : undefined,
    LOG_LEVEL: "error",
    ...overrides,
  };
  return readEnv((name) => variables[name]);
}

/** Options of {@link signJwt}. */
export interface SignJwtOptions {
  /** The header's `kid`; null leaves it out. */
  readonly kid?: string | null;
  /** Another HS256 key than the environment's. */
  readonly secret?: Uint8Array;
}

/**
 * An access token as Auth would sign it.
 *
 * @param claims Claims besides or instead of the usual ones; undefined takes one away.
 */
export async function signJwt(
  claims: Readonly<Record<string, unknown>> = {},
  options: SignJwtOptions = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload: Record<string, unknown> = {
    iss: `${SUPABASE_URL}/auth/v1`,
    aud: "authenticated",
    role: "authenticated",
    sub: TEST_USER_ID,
    iat: now,
    exp: now + 3600,
    ...claims,
  };
  for (const [name, value] of Object.entries(payload)) if (value === undefined) delete payload[name];
  const kid = options.kid === undefined ? KEY_ID : options.kid;
  return await new SignJWT(payload)
    .setProtectedHeader({ alg: "HS256", typ: "JWT", ...(kid === null ? {} : { kid }) })
    .sign(options.secret ?? secret);
}

/** A call that reached the fake Data API. */
export interface FakeCall {
  readonly method: string;
  /** `rpc/gate`, `flows`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** The JSON body; undefined without one. */
  readonly body: unknown;
}

/** What a fake handler may answer: rows or a function's result, or a whole Response. */
export type FakeHandler = (call: FakeCall) => unknown;

/** A Data API in memory. */
export interface FakeDataApi {
  /** Give it as `fetch`. */
  readonly fetch: typeof fetch;
  /** Everything that was called, in order. */
  readonly calls: FakeCall[];
  /** What the gate answers from now on; `role`, `permissions`, `rate` … */
  gate: Record<string, unknown>;
  /** While true nobody answers, as when the database is away. */
  down: boolean;
  /** Answers `path` (`rpc/create_flow`, `flows`) from now on. */
  on(path: string, handler: FakeHandler): void;
}

/** A gate that lets an owner through. */
export function openGate(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    user_id: TEST_USER_ID,
    organization_id: TEST_ORGANIZATION_ID,
    role: "owner",
    // All that there are.
    permissions: [...ROLE_PERMISSIONS.owner],
    suspended: false,
    plan: "free",
    limits: { requests_per_minute: 100, max_flows: 100 },
    rate: { allowed: true, limit: 100, window_seconds: 60, remaining: 99, reset_seconds: 1, retry_after_seconds: 0 },
    ...overrides,
  };
}

/** A Data API in memory that answers `rpc/gate` and what {@link FakeDataApi.on} was told. */
export function fakeDataApi(): FakeDataApi {
  const handlers = new Map<string, FakeHandler>();
  const fake: FakeDataApi = {
    calls: [],
    gate: openGate(),
    down: false,
    on: (path, handler) => void handlers.set(path, handler),
    fetch: async (input, init) => {
      if (fake.down) throw new TypeError("fetch failed: connection refused");
      const request = new Request(input, init);
      const url = new URL(request.url);
      const text = await request.text();
      const call: FakeCall = {
        method: request.method,
        path: url.pathname.replace("/rest/v1/", ""),
        query: url.searchParams,
        headers: request.headers,
        body: text === "" ? undefined : JSON.parse(text),
      };
      fake.calls.push(call);
      const handler = handlers.get(call.path) ?? (call.path === "rpc/gate" ? () => fake.gate : undefined);
      if (handler === undefined) return sqlError(404, "PGRST202", `No fake for ${call.path}`);
      const answer = await handler(call);
      return answer instanceof Response ? answer : Response.json(answer ?? null);
    },
  };
  return fake;
}

/** An error as PostgREST answers it; with one of our codes it is what `private.fail` raises. */
export function sqlError(status: number, code: string, message: string, details: unknown = null): Response {
  return Response.json(
    { code, message, details: details === null ? null : JSON.stringify(details), hint: null },
    { status },
  );
}

/** Options for `createApp` that keep a test to itself: answers are checked against their schemas, no line is printed. */
export function testOptions(fake: FakeDataApi, overrides: Partial<AppOptions> = {}): AppOptions {
  return { env: testEnv(), fetch: fake.fetch, checkResponses: true, write: () => {}, ...overrides };
}

/** Headers of a signed-in user, as supabase-js sends them. */
export async function userHeaders(claims: Readonly<Record<string, unknown>> = {}): Promise<Record<string, string>> {
  return { apikey: TEST_KEYS.publishable, Authorization: `Bearer ${await signJwt(claims)}` };
}

/** A JSON request of a signed-in user; `body` undefined sends none. */
export async function asUser(
  method: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<RequestInit> {
  return {
    method,
    headers: {
      ...await userHeaders(),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

/** A JSON request with the project's secret key. */
export function asSecret(method: string, body?: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method,
    headers: {
      apikey: TEST_KEYS.secret,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

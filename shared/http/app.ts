import { type Context, Hono } from "hono";
import { ReplyCache } from "../cache/mod.ts";
import { REQUIRED_SCHEMA } from "../db/mod.ts";
import { type Env, readEnv } from "../env/mod.ts";
import { type AppError, methodNotAllowed, notFound, problemResponse, toAppError } from "../errors/mod.ts";
import { configureLog, createLog, type LogWriter } from "../log/mod.ts";
import { noteRefusal } from "./_refusals.ts";
import { serve } from "./_serve.ts";
import { createSchemaGuard, type SchemaGuard } from "./_schema_guard.ts";
import { type AppRuntime, type RequestState, setState, stateOf } from "./_state.ts";
import { clientIp } from "./client_ip.ts";
import { corsHeaders, isPreflight, preflightResponse } from "./cors.ts";
import { readRequestId, readTraceparent } from "./request_id.ts";
import type { AnyRoute, Router } from "./router.ts";
import { reportError } from "./sentry.ts";
import { createUsageCounter, type UsageCounter } from "./usage.ts";
import { waitUntil } from "./wait_until.ts";

/** What is measured about every answer. */
export interface Observation {
  /** The function. */
  readonly app: string;
  /** The operation; null when no route was found. */
  readonly operationId: string | null;
  readonly method: string;
  readonly status: number;
  /** From the request's arrival to its answer's beginning, in milliseconds. */
  readonly durationMilliseconds: number;
}

/** Options of {@link createApp}. */
export interface AppOptions {
  /** Routers of other functions, loaded by the first request that needs them: `/<name><prefix>/<key>/…`. */
  readonly mounts?: {
    /** `/v1`. */
    readonly prefix: string;
    /** First segment below the prefix → router. */
    readonly routers: Readonly<Record<string, () => Promise<Router>>>;
  };
  /** Takes the measure of every answer. */
  readonly observe?: (observation: Observation) => void;
  /** Another environment than the process's, for tests. */
  readonly env?: Env;
  /** Another fetch for the database, for tests. */
  readonly fetch?: typeof fetch;
  /** Takes log lines instead of the console, for tests. */
  readonly write?: LogWriter;
  /** How long requests are counted before the database hears of it; 0 = never, as in tests. 5 s when absent. */
  readonly usageMilliseconds?: number;
  /** The schema that the database must have; null = any, as in tests. {@linkcode REQUIRED_SCHEMA} when absent. */
  readonly schema?: string | null;
  /** What keeps the replies of routes that say so; null = nothing. One of its own when absent. */
  readonly replies?: ReplyCache | null;
  /** Answers 500 when a body does not fit its own schema, for tests. */
  readonly checkResponses?: boolean;
}

/** An app: `Deno.serve(app.fetch)`, and `app.request()` in tests. */
export type App = Hono;

/** A longer path is cut in the log. */
const MAX_LOGGED_PATH = 200;

/** What every answer carries, unless a handler said otherwise. */
const SECURITY_HEADERS = [
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "no-referrer"],
  ["X-Frame-Options", "DENY"],
] as const;

/**
 * Makes the app of a function. It serves the router's paths below `/<name>`, as the edge runtime passes them.
 *
 * Around every route: request id and trace context, CORS, security headers, one error handler that answers
 * problem+json, one access log line, Sentry for our own faults. 404 and 405 are problems too.
 *
 * @param name The function's name.
 * @param router Its routes.
 * @throws {EnvError} When the environment is not usable, with every problem.
 */
export function createApp(name: string, router: Router, options: AppOptions = {}): App {
  const env = options.env ?? readEnv();
  configureLog({ level: env.logLevel, write: options.write });
  const runtime: AppRuntime = {
    name,
    env,
    log: createLog(name),
    fetch: options.fetch,
    checkResponses: options.checkResponses ?? false,
    usage: makeUsageCounter(env, options),
    schema: makeSchemaGuard(env, options),
    replies: options.replies === undefined ? new ReplyCache() : options.replies,
    release: env.release ?? crypto.randomUUID(),
  };
  const app = createHono();
  app.use("*", async (c, next) => {
    const startedAt = performance.now();
    const state = begin(c.req.raw, runtime);
    if (isPreflight(c.req.raw)) c.res = preflightResponse(c.req.raw.headers.get("origin"), env.corsOrigins);
    else await next();
    finish(c, state, performance.now() - startedAt, options.observe);
  });
  mountRoutes(app, `/${name}`, router.routes);
  for (const [key, load] of Object.entries(options.mounts?.routers ?? {})) {
    mountLazily(app, `/${name}${options.mounts?.prefix ?? ""}/${key}`, load);
  }
  return app;
}

/** Tests give an environment of their own, and do not count unless they say so. */
function makeUsageCounter(env: Env, { env: given, fetch, usageMilliseconds }: AppOptions): UsageCounter | null {
  const flushMilliseconds = usageMilliseconds ?? (given === undefined ? 5_000 : 0);
  return flushMilliseconds === 0 ? null : createUsageCounter(env, { flushMilliseconds, fetch });
}

/** Tests give an environment of their own, and do not look at the schema unless they say so. */
function makeSchemaGuard(env: Env, { env: given, fetch, schema }: AppOptions): SchemaGuard | null {
  const needed = schema === undefined ? (given === undefined ? REQUIRED_SCHEMA : null) : schema;
  return needed === null ? null : createSchemaGuard(env, { needed, fetch });
}

/** A Hono that answers errors and unknown paths our way, by itself or inside another. */
function createHono(): Hono {
  const app = new Hono({ strict: false });
  app.onError((error, c) => answerError(c, toAppError(error)));
  app.notFound((c) => answerError(c, notFound("path")));
  return app;
}

function mountRoutes(app: Hono, base: string, routes: readonly AnyRoute[]): void {
  const methodsByPath = new Map<string, string[]>();
  for (const route of routes) {
    const path = joinPath(base, route.definition.path);
    const methods = methodsOf(route);
    methodsByPath.set(path, [...methodsByPath.get(path) ?? [], ...methods]);
    if (methods.includes("ALL")) app.all(path, (c) => serve(c, route));
    else app.on(methods, path, (c) => serve(c, route));
  }
  // Registered last: these see only what no route took.
  for (const [path, methods] of methodsByPath) {
    if (!methods.includes("ALL")) app.all(path, (c) => answerOtherMethod(c, methods));
  }
}

/** Mounts a router that is imported by the first request below `base`. */
function mountLazily(app: Hono, base: string, load: () => Promise<Router>): void {
  let loading: Promise<Hono> | undefined;
  const start = async (): Promise<Hono> => {
    const inner = createHono();
    mountRoutes(inner, base, (await load()).routes);
    return inner;
  };
  app.all(`${base}/*`, async (c) => {
    const inner = await (loading ??= start());
    return await inner.fetch(c.req.raw, c.env);
  });
}

function methodsOf(route: AnyRoute): string[] {
  if (route.kind === "json") return [route.definition.method.toUpperCase()];
  return [...route.definition.methods ?? ["ALL"]];
}

/** OPTIONS says what there is; any other method that the path does not have is a 405. */
function answerOtherMethod(c: Context, methods: readonly string[]): Response {
  const allowed = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
  if (c.req.method === "OPTIONS") return c.body(null, 204, { Allow: allowed.join(", ") });
  return answerError(c, methodNotAllowed(c.req.method, allowed));
}

function joinPath(base: string, path: string): string {
  return path === "/" ? base : `${base}${path}`;
}

function begin(request: Request, runtime: AppRuntime): RequestState {
  const requestId = readRequestId(request.headers);
  const state: RequestState = {
    runtime,
    requestId,
    traceparent: readTraceparent(request.headers),
    ip: clientIp(request.headers, runtime.env.trustedProxyHops),
    agent: request.headers.get("user-agent")?.replaceAll(/[^\x20-\x7e]/g, "").slice(0, 400) || null,
    proof: null,
    headers: {},
    log: runtime.log.with({ requestId }),
    userId: null,
    versionHeader: request.headers.get("millrace-version"),
    gate: null,
    version: null,
    credentialRefused: false,
    operationId: null,
    cacheOutcome: null,
    error: null,
    stopListening: null,
  };
  setState(request, state);
  return state;
}

function answerError(c: Context, error: AppError): Response {
  const state = stateOf(c.req.raw);
  state.error = error;
  return problemResponse(error, state.requestId);
}

/** Puts the headers on the answer, writes the access log, measures, and reports what is our own fault. */
function finish(c: Context, state: RequestState, duration: number, observe: AppOptions["observe"]): void {
  const { runtime, error, operationId } = state;
  const { status } = c.res;
  const { method } = c.req;
  setHeaders(c, state);
  noteRefusal(state);
  const fields = {
    duration,
    method,
    path: new URL(c.req.url).pathname.slice(0, MAX_LOGGED_PATH),
    operation: operationId,
    status,
    ...(error === null ? {} : { code: error.code, detail: error.detail }),
  };
  if (status >= 500) state.log.error("http.request", { ...fields, error });
  else if (isPreflight(c.req.raw)) state.log.debug("http.request", fields);
  else state.log.info("http.request", fields);
  if (operationId !== null && state.version !== null) {
    const organizationId = state.gate?.organization_id ?? null;
    const { pathname: path } = new URL(c.req.url);
    const { cacheOutcome, version: { version } } = state;
    runtime.usage?.count({ organizationId, version, operationId, path, status, cacheOutcome });
  }
  observe?.({ app: runtime.name, operationId, method, status, durationMilliseconds: duration });
  // A database that is away is not a fault to file, and would be filed a thousand times.
  if (error?.code === "internal") {
    const tags = { request_id: state.requestId, function: runtime.name, operation: operationId ?? "none" };
    waitUntil(reportError(runtime.env, error, tags));
  }
}

function setHeaders(c: Context, state: RequestState): void {
  const headers = ownHeaders(c, state);
  for (const [name, value] of SECURITY_HEADERS) {
    if (!headers.has(name)) headers.set(name, value);
  }
  // What has a version may be kept by its reader, who must ask each time whether it still holds.
  if (!headers.has("Cache-Control")) {
    headers.set("Cache-Control", headers.has("ETag") ? "private, no-cache" : "no-store");
  }
  const origin = c.req.raw.headers.get("origin");
  for (const [name, value] of Object.entries(corsHeaders(origin, state.runtime.env.corsOrigins))) {
    if (name === "Vary") headers.append(name, value);
    else headers.set(name, value);
  }
  for (const [name, value] of Object.entries(state.headers)) headers.set(name, value);
}

/** The headers of the answer, with the first of ours. `c.header` would copy the whole answer for each of them. */
function ownHeaders(c: Context, { requestId }: RequestState): Headers {
  const { headers } = c.res;
  try {
    headers.set("X-Request-Id", requestId);
    return headers;
  } catch {
    // What `fetch` gave may not be changed: this makes a copy of it.
    c.header("X-Request-Id", requestId);
    return c.res.headers;
  }
}

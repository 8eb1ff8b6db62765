import { requestProof } from "../audit/mod.ts";
import { authenticate, type Caller, keyToken, requireSigningKey } from "../auth/mod.ts";
import { adminClient, callerClient, type DatabaseClient } from "../db/mod.ts";
import { AppError, forbidden, internal, isAppError } from "../errors/mod.ts";
import { rateLimitError, rateLimitHeaders } from "../rate_limit/mod.ts";
import type { Access, PublicAccess } from "./access.ts";
import { requireCallerKind } from "./access.ts";
import type { RequestContext } from "./context.ts";
import { callGate, type GateAnswer, readOrganizationId } from "./gate.ts";
import type { RouteDefinition } from "./route.ts";
import { takeAddressToken } from "./_address_limit.ts";
import { generationKind } from "./_cached.ts";
import { askAboutAddress, requireOpenAddress } from "./_refusals.ts";
import { type RequestState, stateOf, versionOf } from "./_state.ts";

/**
 * Lets a request into a route, or not: credential, kind of caller, gate, rate limit, permission, second factor, in this
 * order.
 *
 * @param params The parameters of the path.
 * @throws {AppError} `unauthorized`, `forbidden`, `mfa_required`, `rate_limited`, and what the gate throws.
 */
export async function admit(
  request: Request,
  definition: RouteDefinition,
  params: Readonly<Record<string, string>>,
): Promise<RequestContext> {
  const state = stateOf(request);
  const { access } = definition;
  const { env } = state.runtime;
  const { requestId, ip, agent } = state;
  state.proof = await requestProof(env.secretKeys.default, { requestId, ip: ip ?? "", agent: agent ?? "" });
  const caller = await identify(request.headers, state);
  // Operators get in from everywhere: who else could lift a block.
  if (caller.kind !== "secret") requireOpenAddress(state);
  if (caller.kind === "anonymous" || access.public === true) {
    takeAddressToken(state);
    askAboutAddress(state);
  }
  if (caller.kind === "user") {
    state.userId = caller.userId;
    state.log = state.log.with({ userId: caller.userId });
  }
  requireCallerKind(caller, access, definition.personOnly);
  if (caller.kind === "key") requireSigningKey(env);
  const name = definition.organizationParam;
  const named = name === undefined ? undefined : { name, value: params[name] ?? "" };
  const parts = {
    request,
    state,
    caller,
    admin: definition.admin,
    organizationId: readOrganizationId(request.headers, named),
  };
  // A key is resolved wherever it is sent: only the database knows whether it holds. Users are known by their token.
  if (caller.kind !== "key" && (caller.kind !== "user" || access.user === undefined)) {
    return createContext({ ...parts, db: lazily(() => clientOf(caller, state)), gate: null });
  }
  const routeClass = definition.rateLimit ?? (definition.method === "get" ? "read" : "write");
  const gate = await callGate(caller.kind === "key" ? adminClient(env, optionsOf(state)) : clientOf(caller, state), {
    caller,
    routeClass,
    operationId: definition.operationId,
    organizationId: parts.organizationId,
    ip: state.ip,
    cached: generationKind(definition),
  }).catch((error: unknown) => {
    throw isAppError(error) && error.code === "unauthorized" ? refuseCredential(state, error) : error;
  });
  state.gate = gate;
  if (gate.key !== null && gate.key !== undefined) state.log = state.log.with({ keyId: gate.key.id });
  Object.assign(state.headers, rateLimitHeaders(gate.rate, routeClass));
  const refused = rateLimitError(gate.rate);
  if (refused !== undefined) throw refused;
  if (access.user !== undefined) requirePermission(gate, access.user);
  if (definition.sensitive === true) requireSecondFactor(caller, gate);
  return createContext({ ...parts, db: lazily(() => clientOf(caller, state, gate)), gate });
}

/** The context of a raw route: nobody, whatever the headers say. */
export function admitRaw(request: Request, admin: string | undefined): RequestContext<PublicAccess> {
  const state = stateOf(request);
  requireOpenAddress(state);
  const caller: Caller = { kind: "anonymous" };
  const db = lazily(() => clientOf(caller, state));
  const context = createContext({ request, state, caller, db, admin, gate: null, organizationId: null });
  return context as RequestContext<PublicAccess>;
}

/** Who sent the request. A credential that does not hold costs its address a token. */
async function identify(headers: Headers, state: RequestState): Promise<Caller> {
  try {
    return await authenticate(headers, state.runtime.env);
  } catch (error) {
    throw refuseCredential(state, error);
  }
}

/** What a request whose credential does not hold is told. */
function refuseCredential(state: RequestState, error: unknown): unknown {
  requireOpenAddress(state);
  state.credentialRefused = true;
  takeAddressToken(state);
  return error;
}

function requirePermission(gate: GateAnswer, permission: NonNullable<Access["user"]>): void {
  if (permission === "any" || gate.permissions.includes(permission)) return;
  if (gate.suspended === true) throw forbidden("This organization is suspended");
  if (gate.mfa_always === true) throw secondFactorNeeded();
  if (gate.role === null) throw forbidden(`The API key lacks the scope ${permission}`);
  throw forbidden(`The role ${gate.role} lacks the permission ${permission}`);
}

/** An API key has no second factor: what it may not do at all is no scope. */
function requireSecondFactor(caller: Caller, gate: GateAnswer): void {
  if (caller.kind === "user" && gate.mfa === true) throw secondFactorNeeded();
}

function secondFactorNeeded(): AppError {
  return new AppError("mfa_required", {
    detail: "Show your second factor in this session first (supabase.auth.mfa), then try again",
  });
}

interface ContextParts {
  readonly request: Request;
  readonly state: RequestState;
  readonly caller: Caller;
  readonly db: () => DatabaseClient;
  readonly admin: string | undefined;
  readonly gate: GateAnswer | null;
  readonly organizationId: string | null;
}

function createContext(parts: ContextParts): RequestContext {
  const { request, state, caller, db, gate } = parts;
  const { requestId, traceparent, log, runtime: { env } } = state;
  const signal = lazily(() => listenWhileServing(request.signal, state));
  const context = {
    requestId,
    traceparent,
    caller: caller.kind,
    userId: caller.kind === "user" ? caller.userId : gate?.user_id ?? null,
    keyId: gate?.key?.id ?? null,
    organizationId: gate?.organization_id ?? (caller.kind === "secret" ? parts.organizationId : null),
    role: gate === null ? null : gate.role ?? "key",
    permissions: gate?.permissions ?? [],
    plan: gate?.plan ?? null,
    limits: gate?.limits ?? {},
    get apiVersion() {
      return versionOf(state).version;
    },
    pinnedVersion: gate?.api_version ?? null,
    get flags() {
      const since = Object.entries(gate?.flags ?? {});
      return new Set(since.filter(([, version]) => version <= versionOf(state).version).map(([name]) => name));
    },
    ip: state.ip,
    get db() {
      return db();
    },
    admin() {
      if (caller.kind === "secret") return db();
      if (parts.admin !== undefined) return adminClient(env, optionsOf(state));
      throw internal("admin() in a route that does not declare why it needs it");
    },
    env,
    log,
    get signal() {
      return signal();
    },
  };
  // Null stands only where the route's access allows others than users: that is what ForUser says.
  return context as RequestContext;
}

function clientOf(caller: Caller, state: RequestState, gate?: GateAnswer): DatabaseClient {
  const { env } = state.runtime;
  const options = optionsOf(state);
  if (caller.kind === "secret") return adminClient(env, options);
  if (caller.kind === "user") return callerClient(env, caller.jwt, options);
  const found = gate?.key ?? null;
  if (gate === undefined || found === null) return callerClient(env, null, options);
  const key = { ...found, organizationId: gate.organization_id, scopes: gate.permissions };
  // Asked for by each call: a stream lasts longer than a token does.
  return callerClient(env, () => keyToken(env, key), options);
}

/**
 * A signal that aborts when the caller goes away while the handler runs. Deno aborts a request's own signal also after
 * it was answered well, and says so on the terminal: whatever goes on after the answer must not end by that.
 */
function listenWhileServing(gone: AbortSignal, state: RequestState): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(gone.reason);
  if (gone.aborted) abort();
  gone.addEventListener("abort", abort);
  state.stopListening = () => gone.removeEventListener("abort", abort);
  return controller.signal;
}

/** Every call to the database carries the request's id and trace, and who sent it from where. */
function optionsOf(state: RequestState) {
  return {
    fetch: state.runtime.fetch,
    headers: {
      "X-Request-Id": state.requestId,
      ...(state.traceparent === null ? {} : { traceparent: state.traceparent }),
      ...(state.ip === null ? {} : { "X-Millrace-Ip": state.ip }),
      ...(state.agent === null ? {} : { "X-Millrace-Agent": state.agent }),
      ...(state.proof === null ? {} : { "X-Millrace-Proof": state.proof }),
    },
  };
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

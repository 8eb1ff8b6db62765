import type { AppError } from "../errors/mod.ts";
import type { ReplyCache } from "../cache/mod.ts";
import type { Env } from "../env/mod.ts";
import type { Log } from "../log/mod.ts";
import { internal } from "../errors/mod.ts";
import type { GateAnswer } from "./gate.ts";
import type { SchemaGuard } from "./_schema_guard.ts";
import type { CountedOutcome, UsageCounter } from "./usage.ts";
import { type ApiVersion, chooseVersion } from "./versions/mod.ts";

/** What one app shares between its requests. */
export interface AppRuntime {
  readonly name: string;
  readonly env: Env;
  readonly log: Log;
  /** Another fetch for the database, for tests. */
  readonly fetch: typeof fetch | undefined;
  /** Whether answers are checked against their schemas. */
  readonly checkResponses: boolean;
  /** Counts requests; null = nobody does. */
  readonly usage: UsageCounter | null;
  /** Keeps requests out while the schema does not fit; null = nobody does. */
  readonly schema: SchemaGuard | null;
  /** Replies of routes that keep them; null = none is kept. */
  readonly replies: ReplyCache | null;
  /** The release of the code, or something that no other isolate has. */
  readonly release: string;
}

/** What is known about one request while it is served. */
export interface RequestState {
  readonly runtime: AppRuntime;
  readonly requestId: string;
  readonly traceparent: string | null;
  /** The client's address; null = not known. */
  readonly ip: string | null;
  /** The client's User-Agent, visible ASCII, 400 characters at most; null = none. */
  readonly agent: string | null;
  /** Proves the three to the database; null = not worked out. */
  proof: string | null;
  /** Headers that the answer gets whatever happens: the rate limit's. */
  readonly headers: Record<string, string>;
  log: Log;
  userId: string | null;
  /** `Millrace-Version` as it was sent. */
  readonly versionHeader: string | null;
  /** What the gate said, once it was asked. */
  gate: GateAnswer | null;
  /** The version of the API that is meant, once it is known. */
  version: ApiVersion | null;
  /** Whether a credential was sent that did not hold. */
  credentialRefused: boolean;
  /** The operation, once a route was found. */
  operationId: string | null;
  /** Where the reply came from; null = the route keeps none. */
  cacheOutcome: CountedOutcome | null;
  /** The error that became the answer. */
  error: AppError | null;
  /** Stops listening to the request's own signal, when the handler did. */
  stopListening: (() => void) | null;
}

const states = new WeakMap<Request, RequestState>();

/**
 * Remembers the state of a request. By the request and not in the Hono context, which an app that is mounted inside
 * another does not share.
 */
export function setState(request: Request, state: RequestState): void {
  states.set(request, state);
}

/** The state of a request that the lifecycle has begun. */
export function stateOf(request: Request): RequestState {
  const state = states.get(request);
  if (state === undefined) throw internal("A request is served outside createApp");
  return state;
}

/**
 * The version of the API that a request means. Known once the gate was asked, whose pin it may be.
 *
 * @throws {AppError} `invalid_request` when its header names none that there is.
 */
export function versionOf(state: RequestState): ApiVersion {
  state.version ??= chooseVersion(state.versionHeader, state.gate?.api_version ?? null);
  return state.version;
}

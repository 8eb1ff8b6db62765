import type { AppError } from "../errors/mod.ts";
import type { Env } from "../env/mod.ts";
import type { Log } from "../log/mod.ts";
import { internal } from "../errors/mod.ts";

/** What one app shares between its requests. */
export interface AppRuntime {
  readonly name: string;
  readonly env: Env;
  readonly log: Log;
  /** Another fetch for the database, for tests. */
  readonly fetch: typeof fetch | undefined;
  /** Whether answers are checked against their schemas. */
  readonly checkResponses: boolean;
}

/** What is known about one request while it is served. */
export interface RequestState {
  readonly runtime: AppRuntime;
  readonly requestId: string;
  readonly traceparent: string | null;
  /** Headers that the answer gets whatever happens: the rate limit's. */
  readonly headers: Record<string, string>;
  log: Log;
  userId: string | null;
  /** The operation, once a route was found. */
  operationId: string | null;
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

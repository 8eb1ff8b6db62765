import type { PublicAccess } from "./access.ts";
import type { RouteContext } from "./context.ts";
import type { RouteResponse, SuccessStatus } from "./route.ts";
import type { ErrorCode } from "../errors/mod.ts";

/** A route that takes whatever comes: the receiver of webhooks. */
export interface RawRouteDefinition {
  /** The methods, in upper case; every method when absent. */
  readonly methods?: readonly string[];
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  /** Why it uses the database past RLS; a route without it cannot. Listed in docs/security.md. */
  readonly admin?: string;
  /** Another limit than 1 MiB, in bytes. */
  readonly bodyLimitBytes?: number;
  /** True = answers whatever schema the database has: what says how things are. */
  readonly anySchema?: boolean;
  readonly responses: Readonly<Partial<Record<SuccessStatus, RouteResponse>>>;
  readonly errors?: readonly ErrorCode[];
}

/** The code of a raw route: gets the body as it was sent. */
export type RawHandler = (c: RouteContext<PublicAccess>, body: Uint8Array) => Response | Promise<Response>;

/** A raw route with its code, as routers take it. */
export interface RawRoute {
  readonly kind: "raw";
  readonly definition: RawRouteDefinition;
  readonly handler: RawHandler;
}

/**
 * Defines a route without gate, validation and content types. Credentials in its headers mean nothing: they belong to
 * whoever sends the webhook. The body's limit, request id, errors and log are those of every route.
 */
export function defineRawRoute(definition: RawRouteDefinition, handler: RawHandler): RawRoute {
  return { kind: "raw", definition, handler };
}

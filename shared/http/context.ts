import type { Context } from "hono";
import type { DatabaseClient } from "../db/mod.ts";
import type { Env } from "../env/mod.ts";
import type { Log } from "../log/mod.ts";
import type { Access, UserAccess } from "./access.ts";

/** A plan's limits: the columns of public.plans without id and name; null = without limit. */
export type PlanLimits = Readonly<Record<string, number | null>>;

/** `T` where a route takes users only; `T | null` where others may come too. */
export type ForUser<A extends Access, T> = A extends UserAccess ? T : T | null;

/** What a handler knows about the request and its caller: `c.var.request`. */
export interface RequestContext<A extends Access = Access> {
  /** The id that the answer and every log line carry. */
  readonly requestId: string;
  /** The caller's trace context, when it sent a valid one. */
  readonly traceparent: string | null;
  /** What kind of caller it is. */
  readonly caller: "user" | "key" | "secret" | "anonymous";
  /** The user; for an API key who made it, null when that account is gone. Null for secret keys and nobody. */
  readonly userId: ForUser<A, string>;
  /** The API key; null for everybody else. */
  readonly keyId: string | null;
  /**
   * The organization: an API key's own, a user's `X-Organization-Id` or first one, as the gate has confirmed it. For a secret key the
   * header as it was sent; null without it.
   */
  readonly organizationId: ForUser<A, string>;
  /** The user's role in the organization; `key` for an API key. */
  readonly role: ForUser<A, string>;
  /** What the role may do, or the API key's scopes; empty for secret keys and nobody. */
  readonly permissions: readonly string[];
  /** The organization's plan: `free`, `pro`, `team` or `enterprise`. */
  readonly plan: ForUser<A, string>;
  /** The plan's limits; empty for secret keys and nobody. */
  readonly limits: PlanLimits;
  /** The version of the API that the request means: `2026-11-21`. */
  readonly apiVersion: string;
  /** What key or organization are pinned to; null = nothing. */
  readonly pinnedVersion: string | null;
  /** Features that are not there for everybody, and are for this organization in this version. See private.flags. */
  readonly flags: ReadonlySet<string>;
  /** The address that the request came from; null = not known. */
  readonly ip: string | null;
  /** The database as the caller: RLS decides. For a secret key it is service_role. */
  readonly db: DatabaseClient;
  /**
   * The database as service_role, past RLS. Only for secret keys and in routes that declare `admin`.
   *
   * @throws {AppError} `internal` anywhere else.
   */
  admin(): DatabaseClient;
  /** The environment. */
  readonly env: Env;
  /** The log, with request and user filled in. */
  readonly log: Log;
  /** Aborted when the caller goes away while the handler runs. A stream has a signal of its own. */
  readonly signal: AbortSignal;
}

/** The same for a route that takes users only: organization, user and role are known. */
export type UserContext = RequestContext<UserAccess>;

/** The variables of the Hono context in a handler. */
export interface RouteEnv<A extends Access = Access> {
  Variables: { request: RequestContext<A> };
}

/** The Hono context in a handler. */
export type RouteContext<A extends Access = Access> = Context<RouteEnv<A>>;

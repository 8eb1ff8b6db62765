import type { KeyCaller, UserCaller } from "../auth/mod.ts";
import { type DatabaseClient, rpc } from "../db/mod.ts";
import type { RateAnswer } from "../rate_limit/mod.ts";
import { invalidRequest } from "../errors/mod.ts";
import type { RouteClass } from "./access.ts";
import type { PlanLimits } from "./context.ts";

/** What the gate answers: who the caller is in the organization, and a token of each rate limit taken. */
export interface GateAnswer {
  /** The user; for an API key who made it, null when that account is gone. */
  readonly user_id: string | null;
  /** The API key; null for a user. */
  readonly key: { readonly id: string; readonly mode: "live" | "test" | "portal" } | null;
  readonly organization_id: string;
  /** Null for an API key. */
  readonly role: string | null;
  /** What the role may do, or the key's scopes. */
  readonly permissions: readonly string[];
  /** A suspended organization can still be looked at (`org:read`). */
  readonly suspended?: boolean;
  readonly plan: string;
  readonly limits: PlanLimits;
  /** Flag → the first version of the API that has it; empty = every version. */
  readonly flags?: Readonly<Record<string, string>>;
  /** The version of the API that key or organization are pinned to; null = none. */
  readonly api_version?: string | null;
  /** The generation of what the route keeps replies of; absent or null = it was not asked for. */
  readonly generation?: string | null;
  /** True when the user has a second factor, or the organization demands one, and this session (`aal`) has not shown it. */
  readonly mfa?: boolean;
  /** True when the organization demands that for everything. */
  readonly mfa_always?: boolean;
  readonly rate: RateAnswer;
}

/** What {@link callGate} asks for. */
export interface GateRequest {
  readonly caller: UserCaller | KeyCaller;
  readonly routeClass: RouteClass;
  readonly operationId: string;
  /** Null = a user's first, or the API key's own. */
  readonly organizationId: string | null;
  /** The client's address; null = not known. */
  readonly ip: string | null;
  /** The kind of things whose generation is asked for, see private.generations; null = none. */
  readonly cached: string | null;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The one call before the business call.
 *
 * @param client The database: as the user, or as the service for an API key, which is nobody yet. A function that only
 *   the service may call takes the hash: nobody can try keys past our limits, or say they come from another address.
 * @throws {AppError} `unauthorized` for an API key that does not hold, `ip_not_allowed`, `not_found` for an organization
 *   that the caller is not in, `service_unavailable`.
 */
export function callGate(client: DatabaseClient, asked: GateRequest): Promise<GateAnswer> {
  const args = {
    p_route: asked.routeClass,
    p_organization_id: asked.organizationId,
    p_operation: asked.operationId,
    ...(asked.cached === null ? {} : { p_cached: asked.cached }),
  };
  if (asked.caller.kind === "user") return rpc<GateAnswer>(client, "gate", args);
  const keyArgs = { ...args, p_secret_hash: asked.caller.secretHash, p_ip: asked.ip };
  const name = asked.caller.isPortal === true ? "gate_webhook_portal" : "gate_key";
  return rpc<GateAnswer>(client, name, keyArgs, { schema: "engine" });
}

/**
 * The organization that the caller asks for: the one that the path names, where the route says so, else
 * `X-Organization-Id`.
 *
 * @param named The name and value of the path's parameter.
 * @returns Null when there is no such parameter and no header.
 * @throws {AppError} `invalid_request` when it is no uuid.
 */
export function readOrganizationId(headers: Headers, named?: { name: string; value: string }): string | null {
  const id = named?.value ?? headers.get("x-organization-id");
  if (id === null || id === "") return null;
  if (UUID.test(id)) return id.toLowerCase();
  const path = named === undefined ? "headers.x-organization-id" : `params.${named.name}`;
  throw invalidRequest([{ path, code: "invalid_format", message: "Must be a UUID" }]);
}

import { type DatabaseClient, rpc } from "../db/mod.ts";
import type { RateAnswer } from "../rate_limit/mod.ts";
import { invalidRequest } from "../errors/mod.ts";
import type { RouteClass } from "./access.ts";
import type { PlanLimits } from "./context.ts";

/** What `public.gate` answers: who the caller is in the organization, and one token of the rate limit taken. */
export interface GateAnswer {
  readonly user_id: string;
  readonly organization_id: string;
  readonly role: string;
  readonly permissions: readonly string[];
  /** A suspended organization can still be looked at (`org:read`). */
  readonly suspended?: boolean;
  readonly plan: string;
  readonly limits: PlanLimits;
  /** Flag → the first version of the API that has it; empty = every version. */
  readonly flags?: Readonly<Record<string, string>>;
  /** The version of the API that key or organization are pinned to; null = none. */
  readonly api_version?: string | null;
  readonly rate: RateAnswer;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The one call before the business call.
 *
 * @param client The database as the user.
 * @throws {AppError} `not_found` for an organization that the user is not in, `service_unavailable`.
 */
export function callGate(
  client: DatabaseClient,
  routeClass: RouteClass,
  organizationId: string | null,
): Promise<GateAnswer> {
  return rpc<GateAnswer>(client, "gate", { p_route: routeClass, p_organization_id: organizationId });
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

/**
 * Database calls of what orgs tell about security.
 *
 * @module
 */
import { type DatabaseClient, type Page, rpc } from "../../shared/db/mod.ts";
import type { UserContext } from "../../shared/http/mod.ts";
import {
  SECURITY_EVENTS,
  type SecurityEvent,
  type SecurityEventQuery,
  toEventArguments,
} from "../../shared/security/mod.ts";
import type { SecondFactor } from "./schemas.ts";

/** A page of the organization's security events. */
export async function findSecurityEvents(
  context: UserContext,
  query: SecurityEventQuery,
): Promise<Page<SecurityEvent>> {
  const list = await SECURITY_EVENTS.open(context, query);
  const rows = await rpc<SecurityEvent[]>(context.db, "list_security_events", {
    p_organization_id: context.organizationId,
    ...toEventArguments(query, list),
  });
  return await list.page(rows);
}

/** What the caller's second factor is at. */
export function findSecondFactor(db: DatabaseClient, organizationId: string): Promise<SecondFactor> {
  return rpc<SecondFactor>(db, "get_second_factor", { p_organization_id: organizationId });
}

/** An organization's demand for a second factor. */
export interface MfaPolicy {
  readonly organization_id: string;
  readonly require_mfa: SecondFactor["policy"];
  readonly version: number;
}

/**
 * Says when members need a second factor.
 *
 * @throws {AppError} `forbidden`, `mfa_required`, `version_mismatch`.
 */
export function saveMfaPolicy(
  context: UserContext,
  policy: SecondFactor["policy"],
  version: number | null,
): Promise<MfaPolicy> {
  return rpc<MfaPolicy>(context.db, "set_mfa_policy", {
    p_organization_id: context.organizationId,
    p_policy: policy,
    p_if_version: version,
  });
}

/**
 * Database calls of what orgs tell about security.
 *
 * @module
 */
import { type DatabaseClient, openList, type Page, rpc } from "../../shared/db/mod.ts";
import { listOptions, type PageQuery, type UserContext } from "../../shared/http/mod.ts";
import { type SecurityEvent, type SecurityEventFilter, toFilter } from "../../shared/security/mod.ts";
import type { SecondFactor } from "./schemas.ts";

/** A page of the organization's security events. */
export async function findSecurityEvents(
  context: UserContext,
  query: PageQuery,
  filter: SecurityEventFilter,
): Promise<Page<SecurityEvent>> {
  const list = await openList(listOptions(context, "security_events", query, { ...filter }));
  const rows = await rpc<SecurityEvent[]>(context.db, "list_security_events", {
    p_organization_id: context.organizationId,
    p_filter: toFilter(filter),
    p_limit: list.fetchCount,
    p_before: list.after?.id ?? null,
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

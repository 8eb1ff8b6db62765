/**
 * Database calls of what orgs tell about security.
 *
 * @module
 */
import { openList, type Page, rpc } from "../../shared/db/mod.ts";
import { listOptions, type PageQuery, type UserContext } from "../../shared/http/mod.ts";
import { type SecurityEvent, type SecurityEventFilter, toFilter } from "../../shared/security/mod.ts";

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

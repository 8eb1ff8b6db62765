import { rpc } from "../../shared/db/mod.ts";
import type { UserContext } from "../../shared/http/mod.ts";
import type { Usage, UsageQuery } from "./usage_schemas.ts";

const DAY_MS = 86_400_000;

/**
 * What the organization used.
 *
 * @throws {AppError} `invalid_request` for days in the wrong order or too many, `forbidden`.
 */
export function findUsage(
  { db, organizationId }: UserContext,
  { from, to, group_by, flow_id, limit }: UsageQuery,
  now = new Date(),
): Promise<Usage> {
  const last = to ?? dayOf(now);
  return rpc<Usage>(db, "get_usage", {
    p_organization_id: organizationId,
    p_from: from ?? dayOf(new Date(Date.parse(last) - 29 * DAY_MS)),
    p_to: last,
    p_group_by: group_by,
    p_flow_id: flow_id ?? null,
    p_limit: limit,
  });
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

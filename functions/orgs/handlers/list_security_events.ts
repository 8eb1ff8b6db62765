import { defineRoute, idParams, listOf, listQuery } from "../../../shared/http/mod.ts";
import { securityEventFilters, securityEventSchema } from "../../../shared/security/mod.ts";
import { findSecurityEvents } from "../security_queries.ts";

const query = listQuery({ sort: ["id"], defaultSort: "-id", filters: securityEventFilters });

/** GET /orgs/:id/security-events */
export const listSecurityEvents = defineRoute({
  method: "get",
  path: "/:id/security-events",
  operationId: "listSecurityEvents",
  summary: "List security events of an organization, newest first",
  description:
    "Refused credentials of its keys and members, refusals for want of a permission, blocks for going on past " +
    "a rate limit, keys that were suspended for it.",
  tags: ["organizations"],
  access: { user: "audit:read" },
  organizationParam: "id",
  request: { params: idParams, query },
  responses: { 200: { description: "A page of events", schema: listOf(securityEventSchema) } },
}, (c, { query }) => {
  const { limit, cursor, sort: _, ...filter } = query;
  return findSecurityEvents(c.var.request, { limit, cursor, sort: "-id" }, filter);
});

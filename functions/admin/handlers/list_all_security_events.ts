import { defineRoute, listOf, listQuery } from "../../../shared/http/mod.ts";
import { securityEventFilters, securityEventSchema } from "../../../shared/security/mod.ts";
import { findAllSecurityEvents } from "../queries.ts";

const query = listQuery({ sort: ["id"], defaultSort: "-id", filters: securityEventFilters });

/** GET /admin/security-events */
export const listAllSecurityEvents = defineRoute({
  method: "get",
  path: "/security-events",
  operationId: "listAllSecurityEvents",
  summary: "List security events, newest first",
  description: "Of all organizations and of nobody's, or of the one in `X-Organization-Id`.",
  tags: ["admin"],
  access: { secret: true },
  request: { query },
  responses: { 200: { description: "A page of events", schema: listOf(securityEventSchema) } },
}, (c, { query }) => {
  const { limit, cursor, sort: _, ...filter } = query;
  return findAllSecurityEvents(c.var.request, { limit, cursor, sort: "-id" }, filter);
});

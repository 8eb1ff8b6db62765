import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { SECURITY_EVENTS } from "../../../shared/security/mod.ts";
import { findSecurityEvents } from "../security_queries.ts";

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
  list: SECURITY_EVENTS,
  request: { params: idParams },
  responses: { 200: { description: "A page of events", schema: SECURITY_EVENTS.page() } },
}, (c, { query }) => findSecurityEvents(c.var.request, query));

import { defineRoute } from "../../../shared/http/mod.ts";
import { ALL_SECURITY_EVENTS } from "../../../shared/security/mod.ts";
import { findAllSecurityEvents } from "../queries.ts";

/** GET /admin/security-events */
export const listAllSecurityEvents = defineRoute({
  method: "get",
  path: "/security-events",
  operationId: "listAllSecurityEvents",
  summary: "List security events, newest first",
  description: "Of all organizations and of nobody's, or of the one in `X-Organization-Id`.",
  tags: ["admin"],
  access: { secret: true },
  list: ALL_SECURITY_EVENTS,
  responses: { 200: { description: "A page of events", schema: ALL_SECURITY_EVENTS.page() } },
}, (c, { query }) => findAllSecurityEvents(c.var.request, query));

import { defineRoute } from "../../../shared/http/mod.ts";
import { AUDIT_EVENTS } from "../lists.ts";
import { findAuditEvents } from "../queries.ts";

/** GET /audit */
export const listAuditEvents = defineRoute({
  method: "get",
  path: "/",
  operationId: "listAuditEvents",
  summary: "Search the audit log",
  description:
    "Who did what in the organization, when and from where, newest first. Reading it stands in the log itself, once in " +
    "ten minutes. Filters but from and to have no index: a rare one reads until the page is full.",
  tags: ["audit"],
  access: { user: "audit:read" },
  list: AUDIT_EVENTS,
  responses: { 200: { description: "A page of the log", schema: AUDIT_EVENTS.page() } },
}, (c, { query }) => findAuditEvents(c.var.request, query));

import { defineRoute } from "../../../shared/http/mod.ts";
import { MAIL_SUPPRESSIONS } from "../lists.ts";
import { findSuppressions } from "../suppression_queries.ts";

/** GET /email/suppressions */
export const listSuppressions = defineRoute({
  method: "get",
  path: "/suppressions",
  operationId: "listMailSuppressions",
  summary: "List who gets no mails",
  description:
    "Addresses that get no mails of the organization, or not all, and why. Each organization has a list of " +
    "its own: an address that bounced for another one is not on it.",
  tags: ["email"],
  access: { user: "mail:read" },
  list: MAIL_SUPPRESSIONS,
  responses: { 200: { description: "A page of the list", schema: MAIL_SUPPRESSIONS.page() } },
}, (c, { query }) => findSuppressions(c.var.request, query));

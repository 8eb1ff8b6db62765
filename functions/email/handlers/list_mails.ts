import { defineRoute } from "../../../shared/http/mod.ts";
import { MAILS } from "../lists.ts";
import { findMails } from "../queries.ts";

/** GET /email/mails */
export const listMails = defineRoute({
  method: "get",
  path: "/mails",
  operationId: "listMails",
  summary: "List mails",
  description:
    "What the platform sent to people of the organization, or is about to, newest first: to whom, when and " +
    "what became of it, not what it says. `status=failed` are those that nobody will try again by itself.",
  tags: ["email"],
  access: { user: "mail:read" },
  list: MAILS,
  responses: { 200: { description: "A page of mails", schema: MAILS.page() } },
}, (c, { query }) => findMails(c.var.request, query));

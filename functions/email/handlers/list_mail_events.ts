import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { MAIL_EVENTS } from "../lists.ts";
import { findMailEvents } from "../outcome_queries.ts";
import { findMail } from "../queries.ts";

/** GET /email/mails/:id/events */
export const listMailEvents = defineRoute({
  method: "get",
  path: "/mails/:id/events",
  operationId: "listMailEvents",
  summary: "List what happened to a mail",
  description:
    "What the provider told of it, in the order in which it came. Opens are counted when images are loaded, " +
    "which some mail programs do by themselves and others never.",
  tags: ["email"],
  access: { user: "mail:read" },
  request: { params: idParams },
  list: MAIL_EVENTS,
  responses: { 200: { description: "A page of events", schema: MAIL_EVENTS.page() } },
  errors: ["not_found"],
}, async (c, { params, query }) => {
  const page = await findMailEvents(c.var.request, params.id, query);
  // Only then it is worth asking whether there is such a mail.
  if (page.data.length === 0) await findMail(c.var.request.db, params.id);
  return page;
});

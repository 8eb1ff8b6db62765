import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { WEBHOOK_EVENTS } from "../lists.ts";
import { findEvents } from "../queries.ts";

/** GET /webhooks/:id/events */
export const listWebhookEvents = defineRoute({
  method: "get",
  path: "/:id/events",
  operationId: "listWebhookEvents",
  summary: "List the events of a webhook endpoint",
  description: "What arrived and was kept, newest first, replays and tests included. What was refused is in " +
    "`GET /webhooks/:id/refusals`.",
  tags: ["webhooks"],
  access: { user: "webhooks:read" },
  request: { params: idParams },
  list: WEBHOOK_EVENTS,
  responses: { 200: { description: "A page of events", schema: WEBHOOK_EVENTS.page() } },
  errors: ["not_found"],
}, (c, { params, query }) => findEvents(c.var.request, params.id, query));

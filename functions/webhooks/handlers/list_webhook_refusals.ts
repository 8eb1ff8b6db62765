import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { WEBHOOK_REFUSALS } from "../lists.ts";
import { findRefusals } from "../queries.ts";

/** GET /webhooks/:id/refusals */
export const listWebhookRefusals = defineRoute({
  method: "get",
  path: "/:id/refusals",
  operationId: "listWebhookRefusals",
  summary: "List what a webhook endpoint has refused",
  description:
    "Deliveries whose signature or body did not hold, newest first, with what was wrong: the newest hundred of an " +
    "endpoint, ten a minute at most, the first 4 KiB of each. All of them are counted: see `rejected_count` and " +
    "`GET /webhooks/:id/stats`. Nothing here is proved: show it as text.",
  tags: ["webhooks"],
  access: { user: "webhooks:read" },
  request: { params: idParams },
  list: WEBHOOK_REFUSALS,
  responses: { 200: { description: "A page of refusals", schema: WEBHOOK_REFUSALS.page() } },
  errors: ["not_found"],
}, (c, { params, query }) => findRefusals(c.var.request, params.id, query));

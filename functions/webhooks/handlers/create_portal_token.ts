import { defineRoute, idempotencyHeaders, readIdempotencyKey, reply } from "../../../shared/http/mod.ts";
import { insertPortalToken } from "../portal_queries.ts";
import { newPortalTokenSchema, portalTokenSchema } from "../portal_schemas.ts";

/** POST /webhooks/portal-tokens */
export const createPortalToken = defineRoute({
  method: "post",
  path: "/portal-tokens",
  operationId: "createWebhookPortalToken",
  summary: "Let a customer of yours manage their webhook subscriptions",
  description:
    "Makes a token for your own user interface: sent as `Authorization: Bearer mr_portal_…` it lists, makes, changes " +
    "and tries the subscriptions of one `application`, reads their deliveries and sends them again, and opens nothing " +
    "else. What its subscriptions are told of stays within `event_types`, `flow_ids` and `resource_ids`. It is good for " +
    "an hour at most, and ends with the API key that made it.",
  tags: ["webhooks"],
  access: { user: "webhooks:write" },
  request: { headers: idempotencyHeaders, body: newPortalTokenSchema },
  responses: { 201: { description: "The token", schema: portalTokenSchema } },
  errors: ["idempotency_mismatch", "conflict", "keys_not_set_up"],
}, async (c, { body }) => reply(201, await insertPortalToken(c.var.request, body, readIdempotencyKey(c))));

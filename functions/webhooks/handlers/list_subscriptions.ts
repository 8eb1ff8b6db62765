import { defineRoute } from "../../../shared/http/mod.ts";
import { SUBSCRIPTIONS } from "../subscription_lists.ts";
import { findSubscriptions } from "../subscription_queries.ts";

/** GET /webhooks/subscriptions */
export const listSubscriptions = defineRoute({
  method: "get",
  path: "/subscriptions",
  operationId: "listWebhookSubscriptions",
  summary: "List webhook subscriptions",
  description:
    "The addresses that are told of events, newest first. `application` finds those of one of your customers.",
  tags: ["webhooks"],
  access: { user: "webhooks:read", portal: true },
  list: SUBSCRIPTIONS,
  responses: { 200: { description: "A page of subscriptions", schema: SUBSCRIPTIONS.page() } },
}, (c, { query }) => findSubscriptions(c.var.request, query));

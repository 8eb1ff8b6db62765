import { defineRoute } from "../../../shared/http/mod.ts";
import { WEBHOOKS } from "../lists.ts";
import { findWebhooks } from "../queries.ts";

/** GET /webhooks */
export const listWebhooks = defineRoute({
  method: "get",
  path: "/",
  operationId: "listWebhooks",
  summary: "List webhook endpoints",
  description: "The endpoints of the organization, newest first.",
  tags: ["webhooks"],
  access: { user: "webhooks:read" },
  list: WEBHOOKS,
  responses: { 200: { description: "A page of endpoints", schema: WEBHOOKS.page() } },
}, (c, { query }) => findWebhooks(c.var.request, query));

import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { EVENT_TYPES } from "../../../shared/webhooks_out/mod.ts";
import { EVENT_TYPES_LIST } from "../subscription_lists.ts";

/** GET /webhooks/event-types */
export const listEventTypes = defineRoute({
  method: "get",
  path: "/event-types",
  operationId: "listWebhookEventTypes",
  summary: "List the types of events",
  description: "What can be subscribed to: the JSON Schema of `data` of each type, and an example.",
  tags: ["webhooks"],
  access: { user: "any", portal: true },
  list: EVENT_TYPES_LIST,
  responses: { 200: { description: "A page of types", schema: EVENT_TYPES_LIST.page() } },
}, (c, { query }) => EVENT_TYPES_LIST.pageOf(() => Promise.resolve(describeAll()), c.var.request, query));

function describeAll() {
  return EVENT_TYPES.map(({ type, description, key, data, example }) => ({
    type,
    description,
    key,
    data_schema: JSON.parse(JSON.stringify(z.toJSONSchema(data))),
    example,
  }));
}

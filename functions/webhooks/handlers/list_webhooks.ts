import { z } from "zod";
import { defineRoute, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findWebhooks } from "../queries.ts";
import { providerSchema, webhookSummarySchema } from "../schemas.ts";

const query = listQuery({
  sort: ["created_at", "name", "updated_at"],
  defaultSort: "-created_at",
  filters: {
    flow_id: z.uuid().optional(),
    provider: providerSchema.optional(),
    is_active: z.enum(["true", "false"]).transform((text) => text === "true").optional().meta({ examples: ["true"] }),
  },
});

/** GET /webhooks */
export const listWebhooks = defineRoute({
  method: "get",
  path: "/",
  operationId: "listWebhooks",
  summary: "List webhook endpoints",
  description: "The endpoints of the organization, newest first.",
  tags: ["webhooks"],
  access: { user: "webhooks:read" },
  request: { query },
  responses: { 200: { description: "A page of endpoints", schema: listOf(webhookSummarySchema) } },
}, (c, { query }) => findWebhooks(c.var.request, query));

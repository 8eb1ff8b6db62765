import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { listWebhookAdapters } from "../../../shared/webhooks/mod.ts";
import { providerInfoSchema, providerSchema } from "../schemas.ts";

/** GET /webhooks/providers */
export const listWebhookProviders = defineRoute({
  method: "get",
  path: "/providers",
  operationId: "listWebhookProviders",
  summary: "List the providers of webhooks",
  description: "How each one signs, and the JSON Schema of what can be set: enough to build a form.",
  tags: ["webhooks"],
  access: { user: "any" },
  responses: { 200: { description: "The providers", schema: z.object({ data: z.array(providerInfoSchema) }) } },
}, () => ({
  data: listWebhookAdapters().map(({ provider, title, description, secretFrom, configSchema }) => ({
    provider: providerSchema.parse(provider),
    title,
    description,
    secret_from: secretFrom,
    config_schema: configSchema,
  })),
}));

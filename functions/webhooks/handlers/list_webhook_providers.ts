import { defineRoute } from "../../../shared/http/mod.ts";
import { listWebhookAdapters } from "../../../shared/webhooks/mod.ts";
import { PROVIDERS } from "../lists.ts";
import { providerSchema } from "../schemas.ts";

/** GET /webhooks/providers */
export const listWebhookProviders = defineRoute({
  method: "get",
  path: "/providers",
  operationId: "listWebhookProviders",
  summary: "List the providers of webhooks",
  description: "How each one signs, and the JSON Schema of what can be set: enough to build a form.",
  tags: ["webhooks"],
  access: { user: "any" },
  list: PROVIDERS,
  cache: { kind: "static", maxAgeSeconds: 300, staleWhileRevalidateSeconds: 3600 },
  responses: { 200: { description: "The providers", schema: PROVIDERS.page() } },
}, (c, { query }) => {
  const providers = listWebhookAdapters().map(({ provider, title, description, secretFrom, configSchema }) => ({
    provider: providerSchema.parse(provider),
    title,
    description,
    secret_from: secretFrom,
    config_schema: configSchema,
  }));
  return PROVIDERS.pageOf(providers, c.var.request, query);
});

import {
  defineRoute,
  etag,
  idempotencyHeaders,
  readIdempotencyKey,
  reply,
  resourceUrl,
} from "../../../shared/http/mod.ts";
import { requireMapping, requireSettings } from "../check_settings.ts";
import { insertWebhook } from "../queries.ts";
import { newWebhookSchema, webhookWithSecretSchema } from "../schemas.ts";
import { WEBHOOK_HEADERS } from "./_answer.ts";

/** POST /webhooks */
export const createWebhook = defineRoute({
  method: "post",
  path: "/",
  operationId: "createWebhook",
  summary: "Create a webhook endpoint",
  description:
    "Makes a public address at which a service starts the flow. Give `url` to the service. Where the service " +
    "shows a signing secret of its own (Stripe), send it as `secret`, or later with a rotation; otherwise paste the " +
    "`secret` of this answer there. It is shown this once.",
  tags: ["webhooks"],
  access: { user: "webhooks:write" },
  request: { headers: idempotencyHeaders, body: newWebhookSchema },
  responses: {
    201: {
      description: "The new endpoint, with its secret",
      schema: webhookWithSecretSchema,
      headers: { ...WEBHOOK_HEADERS, Location: "The address of the endpoint's settings" },
    },
  },
  errors: ["not_found", "plan_limit_reached", "idempotency_mismatch"],
}, async (c, { body }) => {
  requireMapping(body.mapping);
  await requireSettings({ provider: body.provider, config: body.config ?? {}, secret: body.secret });
  const webhook = await insertWebhook(c.var.request, body, readIdempotencyKey(c));
  return reply(201, webhook, { ETag: etag(webhook.version), Location: resourceUrl(c, "webhooks", webhook.id) });
});

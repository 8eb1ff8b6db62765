import { defineRoute, etag, idParams, reply } from "../../../shared/http/mod.ts";
import { requireSettings } from "../check_settings.ts";
import { findWebhook, rotateSecret } from "../queries.ts";
import { rotationSchema, webhookWithSecretSchema } from "../schemas.ts";
import { WEBHOOK_HEADERS } from "./_answer.ts";

/** POST /webhooks/:id/rotate */
export const rotateWebhookSecret = defineRoute({
  method: "post",
  path: "/:id/rotate",
  operationId: "rotateWebhookSecret",
  summary: "Give a webhook endpoint a new secret",
  description:
    "Both secrets are valid during the overlap, so that no delivery is lost while the sender changes its own. " +
    "Send `secret` where the provider makes it. The answer shows the new one this once.",
  tags: ["webhooks"],
  access: { user: "webhooks:write" },
  sensitive: true,
  request: { params: idParams, body: rotationSchema, bodyRequired: false },
  responses: {
    200: {
      description: "The endpoint, with its new secret",
      schema: webhookWithSecretSchema,
      headers: WEBHOOK_HEADERS,
    },
  },
  errors: ["not_found"],
}, async (c, { params, body }) => {
  const found = await findWebhook(c.var.request, params.id);
  if (body?.secret !== undefined) {
    await requireSettings({ provider: found.provider, config: found.config, secret: body.secret });
  }
  const webhook = await rotateSecret(c.var.request, found, body ?? rotationSchema.parse({}));
  return reply(200, webhook, { ETag: etag(webhook.version) });
});

import { defineRoute, etag, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { requireMapping, requireSettings } from "../check_settings.ts";
import { findWebhook, saveWebhook } from "../queries.ts";
import { webhookChangesSchema, webhookSchema } from "../schemas.ts";
import { WEBHOOK_HEADERS } from "./_answer.ts";

/** PATCH /webhooks/:id */
export const updateWebhook = defineRoute({
  method: "patch",
  path: "/:id",
  operationId: "updateWebhook",
  summary: "Change a webhook endpoint",
  description:
    "Changes what is named and leaves the rest. With another flow, `trigger_node` is the one of this request " +
    "or the first that fits. The address and the provider stay for ever. Takes `If-Match`.",
  tags: ["webhooks"],
  access: { user: "webhooks:write" },
  request: { params: idParams, headers: ifMatchHeaders, body: webhookChangesSchema },
  responses: { 200: { description: "The endpoint as it is now", schema: webhookSchema, headers: WEBHOOK_HEADERS } },
  errors: ["not_found", "version_mismatch"],
}, async (c, { params, body }) => {
  const version = readIfMatch(c);
  requireMapping(body.mapping);
  if (body.config !== undefined) {
    // What settings may be depends on the provider, which never changes: what is read here stays true.
    const { provider } = await findWebhook(c.var.request, params.id);
    await requireSettings({ provider, config: body.config });
  }
  const webhook = await saveWebhook(c.var.request, params.id, body, version);
  return reply(200, webhook, { ETag: etag(webhook.version) });
});

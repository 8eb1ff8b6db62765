import { defineRoute, etag, idParams, ifNoneMatchHeaders, isNotModified, reply } from "../../../shared/http/mod.ts";
import { findWebhook } from "../queries.ts";
import { webhookSchema } from "../schemas.ts";
import { WEBHOOK_HEADERS } from "./_answer.ts";

/** GET /webhooks/:id */
export const getWebhook = defineRoute({
  method: "get",
  path: "/:id",
  operationId: "getWebhook",
  summary: "Get a webhook endpoint",
  description: "The endpoint with its public address and the last four characters of its secrets.",
  tags: ["webhooks"],
  access: { user: "webhooks:read" },
  request: { params: idParams, headers: ifNoneMatchHeaders },
  responses: {
    200: { description: "The endpoint", schema: webhookSchema, headers: WEBHOOK_HEADERS },
    304: { description: "You have this version already", headers: WEBHOOK_HEADERS },
  },
  errors: ["not_found"],
}, async (c, { params }) => {
  const webhook = await findWebhook(c.var.request, params.id);
  const tag = etag(webhook.version);
  if (isNotModified(c, tag)) return reply(304, undefined, { ETag: tag });
  return reply(200, webhook, { ETag: tag });
});

import { defineRoute, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { removeWebhook } from "../queries.ts";

/** DELETE /webhooks/:id */
export const deleteWebhook = defineRoute({
  method: "delete",
  path: "/:id",
  operationId: "deleteWebhook",
  summary: "Delete a webhook endpoint",
  description: "The address answers 404 from now on, and its event log is gone; runs that it started stay.",
  tags: ["webhooks"],
  access: { user: "webhooks:write" },
  request: { params: idParams, headers: ifMatchHeaders },
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found", "version_mismatch"],
}, async (c, { params }) => {
  await removeWebhook(c.var.request.db, params.id, readIfMatch(c));
  return reply(204, undefined);
});

import { defineRoute, idParams, reply } from "../../../shared/http/mod.ts";
import { endPortalToken } from "../portal_queries.ts";

/** DELETE /webhooks/portal-tokens/:id */
export const revokePortalToken = defineRoute({
  method: "delete",
  path: "/portal-tokens/:id",
  operationId: "revokeWebhookPortalToken",
  summary: "Revoke a portal token",
  description: "At once and for good. The subscriptions that were made with it stay.",
  tags: ["webhooks"],
  access: { user: "webhooks:write" },
  request: { params: idParams },
  responses: { 204: { description: "It is revoked" } },
  errors: ["not_found"],
}, async (c, { params }) => {
  await endPortalToken(c.var.request.db, params.id);
  return reply(204, undefined);
});

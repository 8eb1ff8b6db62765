import { defineRoute, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { takeInvitationBack } from "../invitation_queries.ts";
import { invitationParams } from "../schemas.ts";

/** DELETE /orgs/:id/invitations/:invitationId */
export const revokeInvitation = defineRoute({
  method: "delete",
  path: "/:id/invitations/:invitationId",
  operationId: "revokeInvitation",
  summary: "Revoke an invitation",
  description: "Its tokens open nothing from then on, and its seat is free. 409 for one that is not open any more.",
  tags: ["organizations"],
  access: { user: "members:write" },
  organizationParam: "id",
  request: { params: invitationParams, headers: ifMatchHeaders },
  responses: { 204: { description: "It is revoked" } },
  errors: ["conflict", "version_mismatch"],
}, async (c, { params }) => {
  await takeInvitationBack(c.var.request.db, params, readIfMatch(c));
  return reply(204, undefined);
});

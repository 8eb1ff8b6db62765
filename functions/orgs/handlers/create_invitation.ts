import {
  defineRoute,
  etag,
  idempotencyHeaders,
  idParams,
  readIdempotencyKey,
  reply,
} from "../../../shared/http/mod.ts";
import { insertInvitation } from "../invitation_queries.ts";
import { invitationSchema, newInvitationSchema } from "../schemas.ts";
import { VERSION_HEADERS } from "./_headers.ts";

/** POST /orgs/:id/invitations */
export const createInvitation = defineRoute({
  method: "post",
  path: "/:id/invitations",
  operationId: "createInvitation",
  summary: "Invite somebody into an organization",
  description:
    "Sends a mail with a token that works once. Open invitations take seats of the plan. 409 when the address has an " +
    "open invitation or belongs to a member; 403 for a role above your own. To invite owners and admins asks for the " +
    "second factor of whoever has one.",
  tags: ["organizations"],
  access: { user: "members:write" },
  organizationParam: "id",
  request: { params: idParams, headers: idempotencyHeaders, body: newInvitationSchema },
  responses: { 201: { description: "The invitation", schema: invitationSchema, headers: VERSION_HEADERS } },
  errors: ["conflict", "mfa_required", "plan_limit_reached", "idempotency_mismatch"],
}, async (c, { params, body }) => {
  const invitation = await insertInvitation(c.var.request.db, params.id, body, readIdempotencyKey(c));
  return reply(201, invitation, { ETag: etag(invitation.version) });
});

import { defineRoute, etag, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { mailInvitation } from "../invitation_queries.ts";
import { invitationParams, invitationSchema, resendSchema } from "../schemas.ts";
import { VERSION_HEADERS } from "./_headers.ts";

/** POST /orgs/:id/invitations/:invitationId/resend */
export const resendInvitation = defineRoute({
  method: "post",
  path: "/:id/invitations/:invitationId/resend",
  operationId: "resendInvitation",
  summary: "Send an invitation again",
  description:
    "With another token; those of the mails before work too. It is open for another `expires_in_days` days from now, also " +
    "when it had expired. Twice at once and three times an hour at most.",
  tags: ["organizations"],
  access: { user: "members:write" },
  organizationParam: "id",
  request: { params: invitationParams, headers: ifMatchHeaders, body: resendSchema, bodyRequired: false },
  responses: { 200: { description: "The invitation", schema: invitationSchema, headers: VERSION_HEADERS } },
  errors: ["conflict", "plan_limit_reached", "version_mismatch"],
}, async (c, { params, body }) => {
  const invitation = await mailInvitation(c.var.request.db, params, body?.expires_in_days ?? 7, readIfMatch(c));
  return reply(200, invitation, { ETag: etag(invitation.version) });
});

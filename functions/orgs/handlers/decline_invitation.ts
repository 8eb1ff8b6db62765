import { defineRoute, reply } from "../../../shared/http/mod.ts";
import { declineOwnInvitation } from "../invitation_queries.ts";
import { invitationChoiceSchema } from "../schemas.ts";

/** POST /orgs/invitations/decline */
export const declineInvitation = defineRoute({
  method: "post",
  path: "/invitations/decline",
  operationId: "declineInvitation",
  summary: "Decline an invitation",
  description: "Named as for accepting it. Who invited sees it.",
  tags: ["people"],
  access: { user: "any" },
  personOnly: true,
  request: { body: invitationChoiceSchema },
  responses: { 204: { description: "It is declined" } },
  errors: ["not_found", "conflict"],
}, async (c, { body }) => {
  await declineOwnInvitation(c.var.request.db, body);
  return reply(204, undefined);
});

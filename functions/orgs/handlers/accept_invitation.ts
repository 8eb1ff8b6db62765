import { defineRoute } from "../../../shared/http/mod.ts";
import { acceptOwnInvitation } from "../invitation_queries.ts";
import { invitationChoiceSchema, organizationSchema } from "../schemas.ts";

/** POST /orgs/invitations/accept */
export const acceptInvitation = defineRoute({
  method: "post",
  path: "/invitations/accept",
  operationId: "acceptInvitation",
  summary: "Accept an invitation",
  description:
    "By the token of its mail, whatever your address, or by its id when your confirmed address is the one invited. It " +
    "works once; again by you it answers the same.",
  tags: ["people"],
  access: { user: "any" },
  personOnly: true,
  request: { body: invitationChoiceSchema },
  responses: { 200: { description: "The organization that you are in now", schema: organizationSchema } },
  errors: ["not_found", "conflict"],
}, (c, { body }) => acceptOwnInvitation(c.var.request.db, body));

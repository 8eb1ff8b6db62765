import { defineRoute } from "../../../shared/http/mod.ts";
import { findOwnInvitations } from "../invitation_queries.ts";
import { ownInvitationsSchema } from "../schemas.ts";

/** GET /orgs/invitations */
export const listOwnInvitations = defineRoute({
  method: "get",
  path: "/invitations",
  operationId: "listOwnInvitations",
  summary: "List the invitations to you",
  description: "Those to your confirmed address that can be accepted now, the newest first, 100 at most.",
  tags: ["people"],
  access: { user: "any" },
  personOnly: true,
  responses: { 200: { description: "Your invitations", schema: ownInvitationsSchema } },
}, async (c) => ({ data: await findOwnInvitations(c.var.request.db) }));

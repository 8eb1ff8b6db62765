import { defineRoute } from "../../../shared/http/mod.ts";
import { findOwnInvitations } from "../invitation_queries.ts";
import { OWN_INVITATIONS } from "../lists.ts";

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
  list: OWN_INVITATIONS,
  responses: { 200: { description: "A page of your invitations", schema: OWN_INVITATIONS.page() } },
}, (c, { query }) => OWN_INVITATIONS.pageOf(() => findOwnInvitations(c.var.request.db), c.var.request, query));

import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { INVITATIONS } from "../lists.ts";
import { findInvitations } from "../invitation_queries.ts";

/** GET /orgs/:id/invitations */
export const listInvitations = defineRoute({
  method: "get",
  path: "/:id/invitations",
  operationId: "listInvitations",
  summary: "List the invitations of an organization",
  description:
    "Those that were sent and not taken yet, with role, sender and end. Never with the token: only the mail has it.",
  tags: ["organizations"],
  access: { user: "members:read" },
  organizationParam: "id",
  request: { params: idParams },
  list: INVITATIONS,
  responses: { 200: { description: "A page of invitations", schema: INVITATIONS.page() } },
}, (c, { query }) => findInvitations(c.var.request, query));

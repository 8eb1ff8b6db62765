import { defineRoute, idParams, reply } from "../../../shared/http/mod.ts";
import { leave } from "../queries.ts";

/** POST /orgs/:id/leave */
export const leaveOrganization = defineRoute({
  method: "post",
  path: "/:id/leave",
  operationId: "leaveOrganization",
  summary: "Leave an organization",
  description: "Also one that is suspended or to be deleted. 409 for its last owner. What you made in it stays there.",
  tags: ["organizations"],
  access: { user: "any" },
  personOnly: true,
  organizationParam: "id",
  request: { params: idParams },
  responses: { 204: { description: "You are no member any more" } },
  errors: ["not_found", "conflict"],
}, async (c, { params }) => {
  await leave(c.var.request.db, params.id);
  return reply(204, undefined);
});

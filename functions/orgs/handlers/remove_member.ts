import { defineRoute, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { deleteMember } from "../queries.ts";
import { memberParams } from "../schemas.ts";

/** DELETE /orgs/:id/members/:userId */
export const removeMember = defineRoute({
  method: "delete",
  path: "/:id/members/:userId",
  operationId: "removeMember",
  summary: "Remove a member",
  description:
    "From then on they see nothing of the organization, whatever session they have; what they made stays. 409 for the " +
    "last owner.",
  tags: ["organizations"],
  access: { user: "members:write" },
  sensitive: true,
  organizationParam: "id",
  request: { params: memberParams, headers: ifMatchHeaders },
  responses: { 204: { description: "They are out" } },
  errors: ["conflict", "version_mismatch"],
}, async (c, { params }) => {
  await deleteMember(c.var.request.db, params, readIfMatch(c));
  return reply(204, undefined);
});

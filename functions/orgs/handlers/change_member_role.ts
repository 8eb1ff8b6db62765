import { defineRoute, etag, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { saveMemberRole } from "../queries.ts";
import { memberChangesSchema, memberParams, memberSchema } from "../schemas.ts";
import { VERSION_HEADERS } from "./_headers.ts";

/** PATCH /orgs/:id/members/:userId */
export const changeMemberRole = defineRoute({
  method: "patch",
  path: "/:id/members/:userId",
  operationId: "changeMemberRole",
  summary: "Change the role of a member",
  description:
    "Nobody gives a role above their own or changes who stands above them; 409 for the last owner. Open invitations " +
    "that the member made and could not make any more are revoked.",
  tags: ["organizations"],
  access: { user: "members:write" },
  sensitive: true,
  organizationParam: "id",
  request: { params: memberParams, headers: ifMatchHeaders, body: memberChangesSchema },
  responses: { 200: { description: "The member as they are now", schema: memberSchema, headers: VERSION_HEADERS } },
  errors: ["conflict", "version_mismatch"],
}, async (c, { params, body }) => {
  const member = await saveMemberRole(c.var.request.db, params, body.role, readIfMatch(c));
  return reply(200, member, { ETag: etag(member.version) });
});

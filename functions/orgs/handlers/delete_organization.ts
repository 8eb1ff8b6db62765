import { defineRoute, etag, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { requestDeletion } from "../queries.ts";
import { organizationSchema } from "../schemas.ts";
import { VERSION_HEADERS } from "./_headers.ts";

/** DELETE /orgs/:id */
export const deleteOrganization = defineRoute({
  method: "delete",
  path: "/:id",
  operationId: "deleteOrganization",
  summary: "Delete an organization",
  description:
    "In 30 days, at `deletes_at`, all that belongs to it is removed. Until then it can be read and the deletion be " +
    "cancelled (`POST /orgs/:id/restore`); everything else is refused, and no run starts. Runs under way go on.",
  tags: ["organizations"],
  access: { user: "org:own" },
  sensitive: true,
  organizationParam: "id",
  request: { params: idParams, headers: ifMatchHeaders },
  responses: { 202: { description: "It will be deleted", schema: organizationSchema, headers: VERSION_HEADERS } },
  errors: ["version_mismatch"],
}, async (c, { params }) => {
  const organization = await requestDeletion(c.var.request.db, params.id, readIfMatch(c));
  return reply(202, organization, { ETag: etag(organization.version) });
});

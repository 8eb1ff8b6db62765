import { defineRoute, etag, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { cancelDeletion } from "../queries.ts";
import { organizationSchema } from "../schemas.ts";
import { VERSION_HEADERS } from "./_headers.ts";

/** POST /orgs/:id/restore */
export const restoreOrganization = defineRoute({
  method: "post",
  path: "/:id/restore",
  operationId: "restoreOrganization",
  summary: "Cancel the deletion of an organization",
  description: "Until `deletes_at`; afterwards 409. Does nothing to one that is not to be deleted.",
  tags: ["organizations"],
  access: { user: "org:own" },
  sensitive: true,
  organizationParam: "id",
  request: { params: idParams, headers: ifMatchHeaders },
  responses: { 200: { description: "It stays", schema: organizationSchema, headers: VERSION_HEADERS } },
  errors: ["conflict", "version_mismatch"],
}, async (c, { params }) => {
  const organization = await cancelDeletion(c.var.request.db, params.id, readIfMatch(c));
  return reply(200, organization, { ETag: etag(organization.version) });
});

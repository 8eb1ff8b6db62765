import { defineRoute, etag, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { saveOrganization } from "../queries.ts";
import { organizationChangesSchema, organizationSchema } from "../schemas.ts";
import { VERSION_HEADERS } from "./_headers.ts";

/** PATCH /orgs/:id */
export const updateOrganization = defineRoute({
  method: "patch",
  path: "/:id",
  operationId: "updateOrganization",
  summary: "Change an organization",
  description: "Changes what is named and leaves the rest.",
  tags: ["organizations"],
  access: { user: "org:write" },
  organizationParam: "id",
  request: { params: idParams, headers: ifMatchHeaders, body: organizationChangesSchema },
  responses: {
    200: { description: "The organization as it is now", schema: organizationSchema, headers: VERSION_HEADERS },
  },
  errors: ["conflict", "version_mismatch"],
}, async (c, { params, body }) => {
  const organization = await saveOrganization(c.var.request.db, params.id, body, readIfMatch(c));
  return reply(200, organization, { ETag: etag(organization.version) });
});

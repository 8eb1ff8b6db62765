import { defineRoute, etag, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { resume } from "../queries.ts";
import { operatedOrganizationSchema } from "../schemas.ts";
import { VERSION_HEADERS } from "./_headers.ts";

/** POST /orgs/:id/resume */
export const resumeOrganization = defineRoute({
  method: "post",
  path: "/:id/resume",
  operationId: "resumeOrganization",
  summary: "End the suspension of an organization",
  description: "For operators. Does nothing to one that is not suspended; a deletion that was asked for stays.",
  tags: ["organizations"],
  access: { secret: true },
  request: { params: idParams, headers: ifMatchHeaders },
  responses: { 200: { description: "It is in use", schema: operatedOrganizationSchema, headers: VERSION_HEADERS } },
  errors: ["not_found", "version_mismatch"],
}, async (c, { params }) => {
  const organization = await resume(c.var.request.db, params.id, readIfMatch(c));
  return reply(200, organization, { ETag: etag(organization.version) });
});

import { defineRoute, etag, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { suspend } from "../queries.ts";
import { operatedOrganizationSchema, suspensionSchema } from "../schemas.ts";
import { VERSION_HEADERS } from "./_headers.ts";

/** POST /orgs/:id/suspend */
export const suspendOrganization = defineRoute({
  method: "post",
  path: "/:id/suspend",
  operationId: "suspendOrganization",
  summary: "Suspend an organization",
  description:
    "For operators. Its members see that it exists and why it is suspended, and nothing else. No run starts, by whatever " +
    "trigger; runs under way go on to their end. Again = another reason.",
  tags: ["organizations"],
  access: { secret: true },
  request: { params: idParams, headers: ifMatchHeaders, body: suspensionSchema, bodyRequired: false },
  responses: { 200: { description: "It is suspended", schema: operatedOrganizationSchema, headers: VERSION_HEADERS } },
  errors: ["not_found", "version_mismatch"],
}, async (c, { params, body }) => {
  const organization = await suspend(c.var.request.db, params.id, body?.reason ?? null, readIfMatch(c));
  return reply(200, organization, { ETag: etag(organization.version) });
});

import { defineRoute, etag, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { giveOrganization } from "../queries.ts";
import { organizationSchema, transferSchema } from "../schemas.ts";
import { VERSION_HEADERS } from "./_headers.ts";

/** POST /orgs/:id/transfer */
export const transferOrganization = defineRoute({
  method: "post",
  path: "/:id/transfer",
  operationId: "transferOrganization",
  summary: "Transfer an organization",
  description: "Makes a member the owner, at once, and you what `own_role` says.",
  tags: ["organizations"],
  access: { user: "org:own" },
  sensitive: true,
  organizationParam: "id",
  request: { params: idParams, headers: ifMatchHeaders, body: transferSchema },
  responses: {
    200: { description: "The organization, no longer yours", schema: organizationSchema, headers: VERSION_HEADERS },
  },
  errors: ["version_mismatch"],
}, async (c, { params, body }) => {
  const organization = await giveOrganization(c.var.request.db, params.id, body, readIfMatch(c));
  return reply(200, organization, { ETag: etag(organization.version) });
});

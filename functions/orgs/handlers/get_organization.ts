import { defineRoute, etag, idParams, ifNoneMatchHeaders, reply } from "../../../shared/http/mod.ts";
import { findOrganization } from "../queries.ts";
import { organizationSchema } from "../schemas.ts";

/** GET /orgs/:id */
export const getOrganization = defineRoute({
  method: "get",
  path: "/:id",
  operationId: "getOrganization",
  summary: "Get an organization",
  description: "Name, plan, state and your role in it; the `ETag` goes with a change.",
  tags: ["organizations"],
  access: { user: "org:read" },
  organizationParam: "id",
  request: { params: idParams, headers: ifNoneMatchHeaders },
  cache: { kind: "organization", maxAgeSeconds: 300, staleWhileRevalidateSeconds: 600 },
  responses: {
    200: {
      description: "The organization",
      schema: organizationSchema,
      headers: { ETag: "Its version and your role" },
    },
    304: { description: "You have this version already" },
  },
}, async (c) => {
  const organization = await findOrganization(c.var.request);
  // The answer holds the caller's role, which is no part of the row.
  return reply(200, organization, { ETag: etag(`${organization.version}-${organization.role}`) });
});

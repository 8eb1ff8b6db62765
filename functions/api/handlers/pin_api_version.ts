import { defineRoute, reply } from "../../../shared/http/mod.ts";
import { pinVersion } from "../queries.ts";
import { pinSchema } from "../version_schemas.ts";

/** PUT /api/v1/version */
export const pinApiVersion = defineRoute({
  method: "put",
  path: "/v1/version",
  operationId: "pinApiVersion",
  summary: "Pin a version of the API",
  description: "What requests without `Millrace-Version` mean from now on: of the whole organization, or of one of " +
    "its API keys, whose pin counts before the organization's.",
  tags: ["api"],
  access: { user: "org:write" },
  request: { body: pinSchema },
  responses: { 204: { description: "It is pinned" } },
  errors: ["not_found"],
}, async (c, { body }) => {
  await pinVersion(c.var.request, body.version, body.key_id ?? null);
  return reply(204, undefined);
});

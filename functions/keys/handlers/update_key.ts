import { defineRoute, etag, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { saveKey } from "../queries.ts";
import { keyChangesSchema, keySchema } from "../schemas.ts";
import { KEY_HEADERS } from "./_answer.ts";

/** PATCH /keys/:id */
export const updateKey = defineRoute({
  method: "patch",
  path: "/:id",
  operationId: "updateKey",
  summary: "Change an API key",
  description: "Changes what is named and leaves the rest, from the next request with the key on. Takes `If-Match`.",
  tags: ["keys"],
  access: { user: "keys:write" },
  personOnly: true,
  sensitive: true,
  request: { params: idParams, headers: ifMatchHeaders, body: keyChangesSchema },
  responses: { 200: { description: "The key as it is now", schema: keySchema, headers: KEY_HEADERS } },
  errors: ["not_found", "conflict", "version_mismatch", "plan_limit_reached"],
}, async (c, { params, body }) => {
  const key = await saveKey(c.var.request.db, params.id, body, readIfMatch(c));
  return reply(200, key, { ETag: etag(key.version) });
});

import { defineRoute, etag, idParams, reply } from "../../../shared/http/mod.ts";
import { findKey } from "../queries.ts";
import { keySchema } from "../schemas.ts";
import { KEY_HEADERS } from "./_answer.ts";

/** GET /keys/:id */
export const getKey = defineRoute({
  method: "get",
  path: "/:id",
  operationId: "getKey",
  summary: "Get an API key",
  description: "Everything about it but the key itself.",
  tags: ["keys"],
  access: { user: "keys:read" },
  request: { params: idParams },
  responses: { 200: { description: "The key", schema: keySchema, headers: KEY_HEADERS } },
  errors: ["not_found"],
}, async (c, { params }) => {
  const key = await findKey(c.var.request.db, params.id);
  return reply(200, key, { ETag: etag(key.version) });
});

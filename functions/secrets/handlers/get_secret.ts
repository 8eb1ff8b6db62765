import { defineRoute, etag, idParams, ifNoneMatchHeaders, isNotModified, reply } from "../../../shared/http/mod.ts";
import { findSecret } from "../queries.ts";
import { secretSchema } from "../schemas.ts";
import { answerSecret, SECRET_HEADERS } from "./_answer.ts";

/** GET /secrets/:id */
export const getSecret = defineRoute({
  method: "get",
  path: "/:id",
  operationId: "getSecret",
  summary: "Get a secret",
  description: "Its name and facts, not its value. `last_used_at` alone does not change the ETag.",
  tags: ["secrets"],
  access: { user: "secrets:read" },
  request: { params: idParams, headers: ifNoneMatchHeaders },
  responses: {
    200: { description: "The secret", schema: secretSchema, headers: SECRET_HEADERS },
    304: { description: "It is still the version that you have" },
  },
  errors: ["not_found"],
}, async (c, { params }) => {
  const secret = await findSecret(c.var.request.db, params.id);
  const tag = etag(secret.version);
  if (isNotModified(c, tag)) return reply(304, undefined, { ETag: tag });
  return answerSecret(200, secret);
});

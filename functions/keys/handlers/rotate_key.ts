import {
  defineRoute,
  etag,
  idempotencyHeaders,
  idParams,
  ifMatchHeaders,
  readIdempotencyKey,
  readIfMatch,
  reply,
  resourceUrl,
} from "../../../shared/http/mod.ts";
import { rotateSecret } from "../queries.ts";
import { rotationSchema, shownKeySchema } from "../schemas.ts";
import { NEW_KEY_HEADERS } from "./_answer.ts";

/** POST /keys/:id/rotate */
export const rotateKey = defineRoute({
  method: "post",
  path: "/:id/rotate",
  operationId: "rotateKey",
  summary: "Rotate an API key",
  description:
    "Makes a key that takes the place of this one, with its name, scopes and limits, and shows it this once, " +
    "and again to the same request with the same `Idempotency-Key`. " +
    "Both work during the overlap, a day unless you say otherwise; then the old one is over.",
  tags: ["keys"],
  access: { user: "keys:write" },
  personOnly: true,
  sensitive: true,
  request: {
    params: idParams,
    headers: idempotencyHeaders.extend(ifMatchHeaders.shape),
    body: rotationSchema,
    bodyRequired: false,
  },
  responses: { 201: { description: "The new key", schema: shownKeySchema, headers: NEW_KEY_HEADERS } },
  errors: ["not_found", "conflict", "version_mismatch", "idempotency_mismatch", "plan_limit_reached"],
}, async (c, { params, body }) => {
  const key = await rotateSecret(c.var.request, params.id, {
    ...body ?? rotationSchema.parse({}),
    version: readIfMatch(c),
    idempotencyKey: readIdempotencyKey(c),
  });
  return reply(201, key, { ETag: etag(key.version), Location: resourceUrl(c, "keys", key.id) });
});

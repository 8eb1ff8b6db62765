import {
  defineRoute,
  etag,
  idempotencyHeaders,
  readIdempotencyKey,
  reply,
  resourceUrl,
} from "../../../shared/http/mod.ts";
import { insertKey } from "../queries.ts";
import { newKeySchema, shownKeySchema } from "../schemas.ts";
import { NEW_KEY_HEADERS } from "./_answer.ts";

/** POST /keys */
export const createKey = defineRoute({
  method: "post",
  path: "/",
  operationId: "createKey",
  summary: "Create an API key",
  description: "The answer shows the key this once; only its hash is kept. It acts for the organization with exactly " +
    "its scopes, whatever becomes of the person who made it. A request that is repeated by them with " +
    "the same `Idempotency-Key` makes no second key and gets the same answer, for 24 hours.",
  tags: ["keys"],
  access: { user: "keys:write" },
  personOnly: true,
  sensitive: true,
  request: { headers: idempotencyHeaders, body: newKeySchema },
  responses: { 201: { description: "The new key", schema: shownKeySchema, headers: NEW_KEY_HEADERS } },
  errors: ["plan_limit_reached", "idempotency_mismatch", "conflict"],
}, async (c, { body }) => {
  const key = await insertKey(c.var.request, body, readIdempotencyKey(c));
  return reply(201, key, { ETag: etag(key.version), Location: resourceUrl(c, "keys", key.id) });
});

import {
  defineRoute,
  etag,
  idempotencyHeaders,
  readIdempotencyKey,
  reply,
  resourceUrl,
} from "../../../shared/http/mod.ts";
import { insertEntity } from "../queries.ts";
import { entitySchema, newEntitySchema } from "../schemas.ts";
import { answerEntity, ENTITY_HEADERS } from "./_answer.ts";

/** POST /entities */
export const createEntity = defineRoute({
  method: "post",
  path: "/",
  operationId: "createEntity",
  summary: "Create an entity",
  description: "Puts a thing on the canvas of a flow. When its external key is taken in the flow and type, it is " +
    "refused; with `upsert` that entity gets the name and the fields of `data` instead, and the answer is 200.",
  tags: ["entities"],
  access: { user: "runs:execute" },
  request: { headers: idempotencyHeaders, body: newEntitySchema },
  responses: {
    201: {
      description: "The new entity",
      schema: entitySchema,
      headers: { ...ENTITY_HEADERS, Location: "The address of the entity" },
    },
    200: { description: "It was there already and is up to date now", schema: entitySchema, headers: ENTITY_HEADERS },
  },
  errors: ["not_found", "conflict", "unknown_node", "payload_too_large", "idempotency_mismatch"],
}, async (c, { body }) => {
  const { entity, isNew } = await insertEntity(c.var.request.db, body, readIdempotencyKey(c));
  if (!isNew) return answerEntity(entity);
  return reply(201, entity, { ETag: etag(entity.version), Location: resourceUrl(c, "entities", entity.id) });
});

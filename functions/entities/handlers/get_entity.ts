import { defineRoute, etag, idParams, ifNoneMatchHeaders, isNotModified, reply } from "../../../shared/http/mod.ts";
import { findEntity } from "../queries.ts";
import { entitySchema } from "../schemas.ts";
import { answerEntity, ENTITY_HEADERS } from "./_answer.ts";

/** GET /entities/:id */
export const getEntity = defineRoute({
  method: "get",
  path: "/:id",
  operationId: "getEntity",
  summary: "Get an entity",
  description: "With the node it is at, its data, and the `ETag` that goes with a change.",
  tags: ["entities"],
  access: { user: "runs:read" },
  request: { params: idParams, headers: ifNoneMatchHeaders },
  responses: {
    200: { description: "The entity", schema: entitySchema, headers: ENTITY_HEADERS },
    304: { description: "You have this version already", headers: ENTITY_HEADERS },
  },
  errors: ["not_found"],
}, async (c, { params }) => {
  const entity = await findEntity(c.var.request.db, params.id);
  const tag = etag(entity.version);
  if (isNotModified(c, tag)) return reply(304, undefined, { ETag: tag });
  return answerEntity(entity);
});

import { defineRoute, idParams, ifMatchHeaders, readIfMatch } from "../../../shared/http/mod.ts";
import { saveEntity } from "../queries.ts";
import { entityChangesSchema, entitySchema } from "../schemas.ts";
import { answerEntity, ENTITY_HEADERS } from "./_answer.ts";

/** PATCH /entities/:id */
export const updateEntity = defineRoute({
  method: "patch",
  path: "/:id",
  operationId: "updateEntity",
  summary: "Change an entity",
  description:
    "Changes what is named and leaves the rest; `data` is replaced as a whole. Flow and type stay for ever. " +
    "Takes `If-Match`; mind that a move raises the version too.",
  tags: ["entities"],
  access: { user: "runs:execute" },
  request: { params: idParams, headers: ifMatchHeaders, body: entityChangesSchema },
  responses: { 200: { description: "The entity as it is now", schema: entitySchema, headers: ENTITY_HEADERS } },
  errors: ["not_found", "conflict", "version_mismatch", "payload_too_large"],
}, async (c, { params, body }) => answerEntity(await saveEntity(c.var.request.db, params.id, body, readIfMatch(c))));

import { z } from "zod";
import { defineRoute, idParams, ifMatchHeaders, readIfMatch } from "../../../shared/http/mod.ts";
import { placeEntity } from "../queries.ts";
import { entitySchema, nodeIdSchema } from "../schemas.ts";
import { answerEntity, ENTITY_HEADERS } from "./_answer.ts";

const body = z.strictObject({ node_id: nodeIdSchema }).meta({ examples: [{ node_id: "qualify" }] });

/** POST /entities/:id/move */
export const moveEntity = defineRoute({
  method: "post",
  path: "/:id/move",
  operationId: "moveEntity",
  summary: "Move an entity by hand",
  description: "To any node of the flow's current graph, along an edge or not. No run starts or changes by it; a run " +
    "that moves the entity takes it along when its next step has ended. Where it stands already nothing happens.",
  tags: ["entities"],
  access: { user: "runs:execute" },
  request: { params: idParams, headers: ifMatchHeaders, body },
  responses: { 200: { description: "The entity as it is now", schema: entitySchema, headers: ENTITY_HEADERS } },
  errors: ["not_found", "unknown_node", "version_mismatch"],
}, async (c, { params, body }) => {
  return answerEntity(await placeEntity(c.var.request.db, params.id, body.node_id, readIfMatch(c)));
});

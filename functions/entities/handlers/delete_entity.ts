import { defineRoute, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { removeEntity } from "../queries.ts";

/** DELETE /entities/:id */
export const deleteEntity = defineRoute({
  method: "delete",
  path: "/:id",
  operationId: "deleteEntity",
  summary: "Delete an entity",
  description: "Name, key and data are erased at once, and its journey is not shown any more. Runs go on without it; " +
    "what it added to the statistics of edges stays.",
  tags: ["entities"],
  access: { user: "runs:execute" },
  request: { params: idParams, headers: ifMatchHeaders },
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found", "version_mismatch"],
}, async (c, { params }) => {
  await removeEntity(c.var.request.db, params.id, readIfMatch(c));
  return reply(204, undefined);
});

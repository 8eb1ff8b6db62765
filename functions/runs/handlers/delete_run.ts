import { defineRoute, idParams, reply } from "../../../shared/http/mod.ts";
import { removeRun } from "../queries.ts";

/** DELETE /runs/:id */
export const deleteRun = defineRoute({
  method: "delete",
  path: "/:id",
  operationId: "deleteRun",
  summary: "Delete a run",
  description: "Deletes a run that has ended, with its steps. Cancel it first when it has not.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  request: { params: idParams },
  responses: { 204: { description: "Deleted" } },
  errors: ["not_found", "run_not_finished"],
}, async (c, { params }) => {
  await removeRun(c.var.request.db, params.id);
  return reply(204, undefined);
});

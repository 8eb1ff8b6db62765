import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { endRun } from "../queries.ts";
import { runSchema } from "../../../shared/runs/mod.ts";

/** POST /runs/:id/cancel */
export const cancelRun = defineRoute({
  method: "post",
  path: "/:id/cancel",
  operationId: "cancelRun",
  summary: "Cancel a run",
  description: "Ends the run: what is pending is dropped, and what a running step does from here on is not recorded. " +
    "Cancelling a cancelled run gives the same answer.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  request: { params: idParams },
  responses: { 200: { description: "The cancelled run", schema: runSchema } },
  errors: ["not_found", "run_finished"],
}, (c, { params }) => endRun(c.var.request.db, params.id));

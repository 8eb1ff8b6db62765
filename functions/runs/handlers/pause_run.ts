import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { runSchema } from "../../../shared/runs/mod.ts";
import { holdRun } from "../queries.ts";

/** POST /runs/:id/pause */
export const pauseRun = defineRoute({
  method: "post",
  path: "/:id/pause",
  operationId: "pauseRun",
  summary: "Pause a run",
  description:
    "Nothing new begins until the run is resumed; a step that is running ends and is recorded. Waits go on, " +
    "and so does the run's time-out. Pausing a paused run gives the same answer.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  request: { params: idParams },
  responses: { 200: { description: "The paused run", schema: runSchema } },
  errors: ["not_found", "run_finished", "conflict"],
}, (c, { params }) => holdRun(c.var.request.db, params.id));

import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findRunState, type RunState, runStateSchema } from "../../../shared/runs/mod.ts";
import { findArchivedRun, orArchived } from "../archived_run.ts";

/** GET /runs/:id/status */
export const getRunStatus = defineRoute({
  method: "get",
  path: "/:id/status",
  operationId: "getRunStatus",
  summary: "Get the state of a run",
  description: "The state and nothing else: for those who ask often. `GET /runs/{id}/events` tells it without asking.",
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { params: idParams },
  responses: { 200: { description: "The state", schema: runStateSchema } },
  errors: ["not_found"],
}, (c, { params }) =>
  orArchived<RunState>(() => findRunState(c.var.request.db, params.id), async () => {
    const { id, status, error, started_at, finished_at } = await findArchivedRun(c, params.id);
    return { id, status, error, started_at, finished_at };
  }));

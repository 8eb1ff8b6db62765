import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findRun, runDetailsSchema } from "../../../shared/runs/mod.ts";
import { findArchivedRun, orArchived } from "../archived_run.ts";

/** GET /runs/:id */
export const getRun = defineRoute({
  method: "get",
  path: "/:id",
  operationId: "getRun",
  summary: "Get a run",
  description: "The run with what started it, every attempt of its steps in order of their end, and where it stands: " +
    "`active` are its tokens, `waiting_for` says what it is waiting for. All of one moment. A run that has fallen out of retention comes from its archive, with " +
    "`archived`, where the plan keeps one.",
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { params: idParams },
  responses: { 200: { description: "The run with its steps", schema: runDetailsSchema } },
  errors: ["not_found", "service_unavailable"],
}, (c, { params }) => orArchived(() => findRun(c.var.request.db, params.id), () => findArchivedRun(c, params.id)));

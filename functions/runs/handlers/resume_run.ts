import { defineRoute, idParams, waitUntil } from "../../../shared/http/mod.ts";
import { runInline, runSchema } from "../../../shared/runs/mod.ts";
import { releaseRun } from "../queries.ts";

/** POST /runs/:id/resume */
export const resumeRun = defineRoute({
  method: "post",
  path: "/:id/resume",
  operationId: "resumeRun",
  summary: "Resume a run",
  description: "A paused run goes on where it stands. Resuming one that is not paused gives the same answer.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { params: idParams },
  responses: { 200: { description: "The run", schema: runSchema } },
  errors: ["not_found", "run_finished"],
}, async (c, { params }) => {
  const { db, env } = c.var.request;
  const run = await releaseRun(db, params.id);
  waitUntil(runInline(env, run.id));
  return run;
});

import { defineRoute, idempotencyHeaders, readIdempotencyKey } from "../../../shared/http/mod.ts";
import { requestTask } from "../task_queries.ts";
import { taskParams, taskRunSchema } from "../task_schemas.ts";

/** POST /jobs/tasks/:name/run */
export const runTask = defineRoute({
  method: "post",
  path: "/tasks/:name/run",
  operationId: "runTask",
  summary: "Run a system task by hand",
  description: "Whether it is due or enabled, and without waiting for the tasks it depends on. It begins within ten " +
    "seconds (a minute with a pg_cron older than 1.5), in a session of the database that may take its time; follow it " +
    "in the history. While a run is under way: 409.",
  tags: ["jobs"],
  access: { secret: true },
  request: { params: taskParams, headers: idempotencyHeaders },
  responses: { 202: { description: "The run, queued", schema: taskRunSchema } },
  errors: ["not_found", "conflict", "idempotency_mismatch"],
}, (c, { params }) => requestTask(c.var.request, params.name, readIdempotencyKey(c)));

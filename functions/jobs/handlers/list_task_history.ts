import { defineRoute } from "../../../shared/http/mod.ts";
import { TASK_RUNS } from "../lists.ts";
import { findTaskRuns } from "../task_queries.ts";
import { taskParams } from "../task_schemas.ts";

/** GET /jobs/tasks/:name/history */
export const listTaskHistory = defineRoute({
  method: "get",
  path: "/tasks/:name/history",
  operationId: "listTaskHistory",
  summary: "List the runs of a system task",
  description:
    "Newest first, 90 days back: how each run was started, how it ended, what it did, and why it was skipped.",
  tags: ["jobs"],
  access: { secret: true },
  request: { params: taskParams },
  list: TASK_RUNS,
  responses: { 200: { description: "A page of the history", schema: TASK_RUNS.page() } },
  errors: ["not_found"],
}, (c, { params, query }) => findTaskRuns(c.var.request, params.name, query));

import { z } from "zod";
import { defineRoute, listOf } from "../../../shared/http/mod.ts";
import { findTaskRuns } from "../task_queries.ts";
import { taskParams, taskRunSchema } from "../task_schemas.ts";

const query = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50).meta({ description: "How many rows, 1 to 100" }),
  cursor: z.string().optional().meta({ description: "next_cursor of the page before" }),
  sort: z.enum(["-id"]).default("-id").meta({ description: "The order: newest first" }),
});

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
  request: { params: taskParams, query },
  responses: { 200: { description: "A page of the history", schema: listOf(taskRunSchema) } },
  errors: ["not_found"],
}, (c, { params, query }) => findTaskRuns(c.var.request, params.name, query));

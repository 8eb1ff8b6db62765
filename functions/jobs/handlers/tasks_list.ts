import { defineRoute } from "../../../shared/http/mod.ts";
import { findTasks } from "../task_queries.ts";
import { tasksSchema } from "../task_schemas.ts";

/** GET /jobs/tasks */
export const listTasks = defineRoute({
  method: "get",
  path: "/tasks",
  operationId: "listTasks",
  summary: "List system tasks",
  description: "What the platform does by the clock for itself: when each task is due next, how its last run went, " +
    "where it stands now, and whether an alert is raised.",
  tags: ["jobs"],
  access: { secret: true },
  responses: { 200: { description: "All tasks, by name", schema: tasksSchema } },
}, async (c) => ({ data: await findTasks(c.var.request) }));

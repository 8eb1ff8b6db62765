import { defineRoute } from "../../../shared/http/mod.ts";
import { TASKS } from "../lists.ts";
import { findTasks } from "../task_queries.ts";

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
  list: TASKS,
  responses: { 200: { description: "The tasks, by name", schema: TASKS.page() } },
}, (c, { query }) => findTasks(c.var.request, query));

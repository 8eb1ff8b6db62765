import { invalidRequest } from "../../../shared/errors/mod.ts";
import { defineRoute } from "../../../shared/http/mod.ts";
import { readCron } from "../../../shared/schedules/mod.ts";
import { saveTask } from "../task_queries.ts";
import { taskChangesSchema, taskParams, taskSchema } from "../task_schemas.ts";

/** What pg_cron reads: no nicknames, no L, W or #. */
const PG_CRON = /^(?:[0-9*/,-]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT| )+$/i;

/** PATCH /jobs/tasks/:name */
export const updateTask = defineRoute({
  method: "patch",
  path: "/tasks/:name",
  operationId: "updateTask",
  summary: "Change when a system task runs",
  description: "Switches it off or on, or gives it another time; pg_cron is told in the same transaction.",
  tags: ["jobs"],
  access: { secret: true },
  request: { params: taskParams, body: taskChangesSchema },
  responses: { 200: { description: "The task as it is now", schema: taskSchema } },
  errors: ["not_found"],
}, (c, { params, body }) => {
  const cron = typeof body.cron === "string" ? checkCron(body.cron) : body.cron;
  return saveTask(c.var.request, params.name, { ...body, ...cron === undefined ? {} : { cron } });
});

/** The expression with single spaces. */
function checkCron(text: string): string {
  const cron = text.trim().replaceAll(/ +/g, " ");
  const read = readCron(cron);
  const problems = read.ok
    ? PG_CRON.test(cron) ? [] : [{ message: "pg_cron takes numbers, names, *, lists, ranges and steps" }]
    : read.problems;
  if (problems.length > 0) {
    throw invalidRequest(problems.map(({ message }) => ({ path: "body.cron", code: "invalid_cron", message })));
  }
  return cron;
}

import { defineRoute, etag, idParams, reply } from "../../../shared/http/mod.ts";
import { findSchedule } from "../queries.ts";
import { scheduleSchema } from "../schemas.ts";
import { SCHEDULE_HEADERS } from "./_answer.ts";

/** GET /schedules/:id */
export const getSchedule = defineRoute({
  method: "get",
  path: "/:id",
  operationId: "getSchedule",
  summary: "Get a schedule",
  description: "The schedule with its next due time and the run that it started last.",
  tags: ["schedules"],
  access: { user: "flows:read" },
  request: { params: idParams },
  responses: { 200: { description: "The schedule", schema: scheduleSchema, headers: SCHEDULE_HEADERS } },
  errors: ["not_found"],
}, async (c, { params }) => {
  const schedule = await findSchedule(c.var.request.db, params.id);
  return reply(200, schedule, { ETag: etag(schedule.version) });
});

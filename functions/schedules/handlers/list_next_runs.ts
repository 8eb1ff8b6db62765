import { z } from "zod";
import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { readTiming } from "../../../shared/schedules/mod.ts";
import { findSchedule } from "../queries.ts";
import { dueTimesSchema } from "../schemas.ts";
import { describeDueTimes } from "../timing.ts";

const query = z.object({
  count: z.coerce.number().int().min(1).max(100).default(10).meta({ description: "How many, 1 to 100" }),
});

/** GET /schedules/:id/next */
export const listNextRuns = defineRoute({
  method: "get",
  path: "/:id/next",
  operationId: "listNextRuns",
  summary: "Preview the next runs",
  description: "The next due times of a schedule, with its jitter; of one that is switched off, as if it were on.",
  tags: ["schedules"],
  access: { user: "flows:read" },
  request: { params: idParams, query },
  responses: { 200: { description: "The next due times", schema: dueTimesSchema } },
  errors: ["not_found"],
}, async (c, { params, query }) => {
  const schedule = await findSchedule(c.var.request.db, params.id);
  const data = await describeDueTimes(readTiming(schedule, "schedule"), {
    after: Date.now(),
    count: query.count,
    scheduleId: schedule.id,
    jitter: schedule.jitter_seconds,
  });
  return { data };
});

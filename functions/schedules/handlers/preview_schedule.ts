import { defineRoute } from "../../../shared/http/mod.ts";
import { readTiming } from "../../../shared/schedules/mod.ts";
import { dueTimesSchema, previewSchema } from "../schemas.ts";
import { describeDueTimes } from "../timing.ts";

/** POST /schedules/preview */
export const previewSchedule = defineRoute({
  method: "post",
  path: "/preview",
  operationId: "previewSchedule",
  summary: "Try out a timing",
  description: "The next due times of a cron expression in a time zone, without saving anything.",
  tags: ["schedules"],
  access: { user: "flows:read" },
  rateLimit: "read",
  request: { body: previewSchema },
  responses: { 200: { description: "The next due times", schema: dueTimesSchema } },
}, async (_c, { body }) => {
  const after = body.after === undefined ? Date.now() : Date.parse(body.after);
  return { data: await describeDueTimes(readTiming(body), { after, count: body.count }) };
});

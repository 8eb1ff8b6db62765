import {
  defineRoute,
  etag,
  idempotencyHeaders,
  readIdempotencyKey,
  reply,
  resourceUrl,
} from "../../../shared/http/mod.ts";
import { insertSchedule } from "../queries.ts";
import { newScheduleSchema, scheduleSchema } from "../schemas.ts";
import { prepareTiming } from "../timing.ts";
import { SCHEDULE_HEADERS } from "./_answer.ts";

/** POST /schedules */
export const createSchedule = defineRoute({
  method: "post",
  path: "/",
  operationId: "createSchedule",
  summary: "Create a schedule",
  description: "From now on the clock starts the flow's current version whenever the cron expression is due in the " +
    "time zone. Where clocks change, a time that does not exist is due at the first moment after the gap, and one that " +
    "comes twice is due the first time; expressions for every hour (`*`) go with the clock.",
  tags: ["schedules"],
  access: { user: "flows:write" },
  request: { headers: idempotencyHeaders, body: newScheduleSchema },
  responses: {
    201: {
      description: "The new schedule",
      schema: scheduleSchema,
      headers: { ...SCHEDULE_HEADERS, Location: "The address of the schedule" },
    },
  },
  errors: ["not_found", "plan_limit_reached", "idempotency_mismatch", "payload_too_large"],
}, async (c, { body }) => {
  const { flow_id: flowId, ...settings } = body;
  const { timezone, upcoming } = prepareTiming(body, body.is_active);
  const schedule = await insertSchedule(c.var.request.db, {
    flowId,
    settings: { ...settings, timezone },
    upcoming,
    idempotencyKey: readIdempotencyKey(c),
  });
  return reply(201, schedule, { ETag: etag(schedule.version), Location: resourceUrl(c, "schedules", schedule.id) });
});

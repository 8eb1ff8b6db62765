import { AppError } from "../../../shared/errors/mod.ts";
import type { DatabaseClient } from "../../../shared/db/mod.ts";
import { defineRoute, etag, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { findSchedule, saveSchedule } from "../queries.ts";
import { type Schedule, type ScheduleChanges, scheduleChangesSchema, scheduleSchema } from "../schemas.ts";
import { prepareTiming } from "../timing.ts";
import { SCHEDULE_HEADERS } from "./_answer.ts";

/** PATCH /schedules/:id */
export const updateSchedule = defineRoute({
  method: "patch",
  path: "/:id",
  operationId: "updateSchedule",
  summary: "Change a schedule",
  description: "Changes what is named and leaves the rest; `is_active` switches it on and off. Switched off, nothing " +
    "is due, nothing of that time is made up for later, and what waits in its queue is dropped. Takes `If-Match`.",
  tags: ["schedules"],
  access: { user: "flows:write" },
  request: { params: idParams, headers: ifMatchHeaders, body: scheduleChangesSchema },
  responses: { 200: { description: "The schedule as it is now", schema: scheduleSchema, headers: SCHEDULE_HEADERS } },
  errors: ["not_found", "version_mismatch", "payload_too_large"],
}, async (c, { params, body }) => {
  const schedule = await changeSchedule(c.var.request.db, params.id, body, readIfMatch(c));
  return reply(200, schedule, { ETag: etag(schedule.version) });
});

/** Due times follow from all settings of the timing: they are worked out for the version that was read, and no other. */
async function changeSchedule(
  db: DatabaseClient,
  id: string,
  { flow_id, ...changes }: ScheduleChanges,
  version: number | null,
): Promise<Schedule> {
  const flowId = flow_id ?? null;
  const isTiming = ["cron", "timezone", "starts_at", "ends_at"].some((name) => name in changes) ||
    changes.is_active === true;
  if (!isTiming) return await saveSchedule(db, id, { flowId, changes, upcoming: null, version });
  for (let tries = 1;; tries++) {
    const now = await findSchedule(db, id);
    const wanted = {
      cron: changes.cron ?? now.cron,
      timezone: changes.timezone ?? now.timezone,
      // Null clears them.
      starts_at: changes.starts_at === undefined ? now.starts_at : changes.starts_at,
      ends_at: changes.ends_at === undefined ? now.ends_at : changes.ends_at,
    };
    const { timezone, upcoming } = prepareTiming(wanted, changes.is_active ?? now.is_active);
    try {
      return await saveSchedule(db, id, {
        flowId,
        changes: { ...changes, timezone },
        upcoming,
        version: version ?? now.version,
      });
    } catch (error) {
      // Somebody else's change came in between. Who named no version does not care which it is.
      const again = version === null && tries < 3 && error instanceof AppError && error.code === "version_mismatch";
      if (!again) throw error;
    }
  }
}

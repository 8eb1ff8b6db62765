import type { Env } from "../../shared/env/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { readTiming, refillTimes } from "../../shared/schedules/mod.ts";
import { findSchedulesToRefill, type ScheduleToRefill, storeUpcoming } from "./queries.ts";

/**
 * Works out the due times of schedules whose lists run low, until there are none. Never rejects: the work of the queue
 * must not suffer, and the clock asks again with its next tick.
 */
export async function refillSchedules(env: Env): Promise<void> {
  const log = createLog("worker");
  try {
    for (let rounds = 0; rounds < MAX_ROUNDS; rounds++) {
      const schedules = await findSchedulesToRefill(env);
      if (schedules.length === 0) return;
      const stored = await storeUpcoming(
        env,
        schedules.map((schedule) => ({
          id: schedule.id,
          version: schedule.version,
          upcoming: dueTimesOf(schedule, () => log.warn("worker.schedule_unreadable", { scheduleId: schedule.id })),
        })),
      );
      log.info("worker.schedules_refilled", { stored });
      if (stored === 0) return;
    }
  } catch (error) {
    log.error("worker.schedules_not_refilled", { error });
  }
}

/** A wake refills no more than so many hundreds of schedules; the next tick calls again. */
const MAX_ROUNDS = 20;

/** None for settings that somebody wrote past the API and that cannot be read: it is never due. */
function dueTimesOf(schedule: ScheduleToRefill, onUnreadable: () => void): string[] {
  try {
    return refillTimes(readTiming(schedule), Date.parse(schedule.decided_until), Date.parse(schedule.now));
  } catch {
    onUnreadable();
    return [];
  }
}

import { invalidRequest } from "../../shared/errors/mod.ts";
import {
  dueTimes,
  jitterSeconds,
  localTime,
  readTiming,
  type Timing,
  type TimingInput,
  upcomingTimes,
} from "../../shared/schedules/mod.ts";
import type { DueTime } from "./schemas.ts";

/** A timing that may be stored. */
export interface StorableTiming {
  /** The zone's name as the IANA database writes it. */
  readonly timezone: string;
  /** The due times to come; none for a schedule that is switched off. */
  readonly upcoming: string[];
}

/**
 * Reads the timing of a request and works out its due times.
 *
 * @param active Whether the schedule is switched on: then something must lie ahead.
 * @throws {AppError} `invalid_request` with every problem.
 */
export function prepareTiming(input: TimingInput, active: boolean): StorableTiming {
  const timing = readTiming(input);
  const upcoming = active ? upcomingTimes(timing, Date.now()) : [];
  if (active && upcoming.length === 0) {
    throw invalidRequest([{ path: "body.ends_at", code: "never_due", message: "Nothing is due any more" }]);
  }
  return { timezone: timing.timezone, upcoming };
}

/** Due times for people: on the clock of the zone too, and with the jitter of a schedule. */
export async function describeDueTimes(
  timing: Timing,
  options: { after: number; count: number; scheduleId?: string; jitter?: number },
): Promise<DueTime[]> {
  const { after, count, scheduleId, jitter = 0 } = options;
  return await Promise.all(
    dueTimes(timing, { after, count }).map(async (time) => {
      const delay = scheduleId === undefined ? 0 : await jitterSeconds(scheduleId, time, jitter);
      return {
        due_at: new Date(time).toISOString(),
        local_time: localTime(timing.timezone, time),
        fire_at: new Date(time + delay * 1000).toISOString(),
      };
    }),
  );
}

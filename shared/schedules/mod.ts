/**
 * When schedules are due: cron expressions, time zones, and the lists of due times that Postgres fires from.
 *
 * @module
 */
export { type CronPattern, type CronProblem, readCron } from "./cron_pattern.ts";
export { localTime, readTimezone } from "./timezone.ts";
export { dueTimes, type DueTimesOptions, lastDueTimes, type Timing } from "./due_times.ts";
export { readTiming, type TimingInput } from "./read_timing.ts";
export { refillTimes, upcomingTimes } from "./upcoming.ts";
export { jitterSeconds } from "./jitter.ts";

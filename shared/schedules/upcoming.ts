import { dueTimes, lastDueTimes, type Timing } from "./due_times.ts";

/** Due times that are worked out ahead, at most. */
const UPCOMING_COUNT = 50;
/** How far ahead, days. The next one always counts, however far it is. */
const HORIZON_DAYS = 366;
/** Due times that have passed unseen and are named, the newest ones; `missed_limit` allows no more. */
const MISSED_COUNT = 100;

const DAY = 86_400_000;

/**
 * The due times that a schedule is stored with.
 *
 * @param timing The schedule.
 * @param now Milliseconds since the epoch.
 * @returns ISO timestamps, ascending; none when nothing is due any more.
 */
export function upcomingTimes(timing: Timing, now: number): string[] {
  const times = dueTimes(timing, { after: now, count: UPCOMING_COUNT });
  return toTimestamps(times.filter((time, index) => index === 0 || time <= now + HORIZON_DAYS * DAY));
}

/**
 * The due times that a schedule goes on with: those that nobody has decided on yet, and the coming ones.
 *
 * @param timing The schedule.
 * @param decidedUntil Due times up to here have been decided on, milliseconds since the epoch.
 * @param now Milliseconds since the epoch.
 */
export function refillTimes(timing: Timing, decidedUntil: number, now: number): string[] {
  const passed = decidedUntil < now ? lastDueTimes(timing, decidedUntil, now, MISSED_COUNT) : [];
  return [...toTimestamps(passed), ...upcomingTimes(timing, Math.max(decidedUntil, now))];
}

function toTimestamps(times: readonly number[]): string[] {
  return times.map((time) => new Date(time).toISOString());
}

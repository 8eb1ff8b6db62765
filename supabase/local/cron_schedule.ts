/**
 * When a pg_cron job is due.
 *
 * @module
 */
import { Cron } from "croner";

/** Gives the next time after `from` (milliseconds since the epoch) at which a job is due; null = never. */
export type NextRun = (from: number) => number | null;

/**
 * Parses a schedule of pg_cron: `'10 seconds'`, or five fields in GMT, where `$` means the last day of the month.
 *
 * @throws when it is neither
 */
export function parseSchedule(schedule: string): NextRun {
  const seconds = /^\s*(\d+) seconds?\s*$/.exec(schedule)?.[1];
  if (seconds) return (from) => from + Number(seconds) * 1000;
  const pattern = schedule.trim().replaceAll("$", "L");
  const cron = new Cron(pattern, { timezone: "UTC", mode: pattern.startsWith("@") ? "auto" : "5-part", paused: true });
  return (from) => cron.nextRun(new Date(from))?.getTime() ?? null;
}

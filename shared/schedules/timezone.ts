import { Temporal } from "temporal-polyfill";

/**
 * Reads the name of a time zone of the IANA database, whatever its case.
 *
 * @param name `Europe/Berlin`, `UTC`; no offsets, for they know no summer time.
 * @returns The name as it is written there; null when there is no such zone.
 */
export function readTimezone(name: string): string | null {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{1,63}$/.test(name)) return null;
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId;
  } catch {
    return null;
  }
}

/** A stretch of time in which a zone's clocks run evenly. */
export interface Stretch {
  /** Where it begins, milliseconds since the epoch; null = it always was so. */
  readonly from: number | null;
  /** Where the next one begins; null = never. */
  readonly to: number | null;
  /** What to add to UTC to get the wall clock, milliseconds. */
  readonly offset: number;
}

/**
 * The stretch around an instant.
 *
 * @param timezone A zone as {@link readTimezone} gives it.
 * @param at Milliseconds since the epoch.
 */
export function stretchAt(timezone: string, at: number): Stretch {
  const moment = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone);
  // "previous" means strictly before.
  const from = moment.add({ milliseconds: 1 }).getTimeZoneTransition("previous")?.epochMilliseconds ?? null;
  const to = moment.getTimeZoneTransition("next")?.epochMilliseconds ?? null;
  return { from, to, offset: Math.round(moment.offsetNanoseconds / 1_000_000) };
}

/**
 * A moment on the clock of a zone: `2026-03-29T03:00:00+02:00`.
 *
 * @param timezone A zone as {@link readTimezone} gives it.
 * @param at Milliseconds since the epoch.
 */
export function localTime(timezone: string, at: number): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone).toString({ timeZoneName: "never" });
}

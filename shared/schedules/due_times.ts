import type { CronPattern } from "./cron_pattern.ts";
import { type Stretch, stretchAt } from "./timezone.ts";

/** When a schedule is due. */
export interface Timing {
  readonly pattern: CronPattern;
  /** A zone as `readTimezone` gives it. */
  readonly timezone: string;
  /** Not before, milliseconds since the epoch; null = no matter when. */
  readonly startsAt: number | null;
  /** Not after. */
  readonly endsAt: number | null;
}

/** Which due times to give. */
export interface DueTimesOptions {
  /** Later than this, milliseconds since the epoch. */
  readonly after: number;
  /** How many at most. */
  readonly count: number;
  /** Not later than this. */
  readonly until?: number;
}

/** No pattern has a longer pause than leap days around the year 2100, and clocks change a few times a year. */
const MAX_STRETCHES = 400;

const HOUR = 3_600_000;

/**
 * The next due times, ascending, milliseconds since the epoch.
 *
 * Where clocks change, a pattern that names hours keeps to "as often as on any other day": what falls into the gap of
 * spring is due once, at the first moment after it; what comes twice in autumn is due the first time. A pattern for every
 * hour goes with the clock: what does not exist is left out, what comes twice is due twice.
 */
export function dueTimes(timing: Timing, options: DueTimesOptions): number[] {
  const until = Math.min(options.until ?? Infinity, timing.endsAt ?? Infinity);
  const after = Math.max(options.after, timing.startsAt === null ? -Infinity : timing.startsAt - 1);
  const found: number[] = [];
  let stretch = stretchAt(timing.timezone, after);
  let before = stretch.from === null ? null : stretchAt(timing.timezone, stretch.from - 1);
  for (let seen = 0; seen < MAX_STRETCHES; seen++) {
    for (const time of timesIn(timing.pattern, stretch, before, after)) {
      if (time > until || found.length >= options.count) return found;
      found.push(time);
    }
    if (stretch.to === null || stretch.to > until || found.length >= options.count) return found;
    before = stretch;
    stretch = stretchAt(timing.timezone, stretch.to);
  }
  return found;
}

/** The due times in one stretch, later than `after`; `before` is the stretch that it follows. */
function* timesIn(
  pattern: CronPattern,
  { from, to, offset }: Stretch,
  before: Stretch | null,
  after: number,
): Generator<number> {
  let position = Math.max(after, from === null ? -Infinity : from - 1) + offset;
  if (from !== null && before !== null && !pattern.everyHour) {
    const jump = { start: from + before.offset, end: from + offset };
    if (jump.start < jump.end && from > after) {
      // The gap: whatever is missing, once; and what is due at its very end is the same moment.
      const missing = pattern.next(jump.start - 1);
      if (missing !== null && missing < jump.end) {
        yield from;
        position = Math.max(position, jump.end);
      }
    } else if (jump.start > jump.end) {
      // The hour that comes again has had its turn.
      position = Math.max(position, jump.start - 1);
    }
  }
  const end = to === null ? Infinity : to + offset;
  for (let wall = pattern.next(position); wall !== null && wall < end; wall = pattern.next(wall)) yield wall - offset;
}

/**
 * The newest due times later than `after` and not later than `until`, ascending.
 *
 * @param count How many at most.
 */
export function lastDueTimes(timing: Timing, after: number, until: number, count: number): number[] {
  for (let hours = 1;; hours *= 4) {
    const from = Math.max(after, until - hours * HOUR);
    const times = dueTimes(timing, { after: from, until, count: Infinity });
    if (times.length >= count || from === after) return times.slice(-count);
  }
}

import { Cron } from "croner";

/** Characters that a cron expression may have. */
const MAX_CRON_LENGTH = 200;

/** A cron expression that was understood. */
export interface CronPattern {
  /** The first time after `after` that fits; both are wall-clock times, as milliseconds as if they were UTC. */
  next(after: number): number | null;
  /** True = it names no hours: it follows the clock through a change, hour by hour. */
  readonly everyHour: boolean;
}

/** What is wrong with a cron expression. */
export interface CronProblem {
  /** The field, as people call it; absent = the expression as a whole. */
  readonly field?: string;
  readonly message: string;
}

const FIELDS: readonly { readonly name: string; readonly range: string }[] = [
  { name: "minute", range: "0 to 59" },
  { name: "hour", range: "0 to 23" },
  { name: "day of month", range: "1 to 31, L (the last day) or 15W (the weekday nearest to the 15th)" },
  { name: "month", range: "1 to 12 or JAN to DEC" },
  {
    name: "day of week",
    range: "0 to 7 (0 and 7 = Sunday) or SUN to SAT, MON#2 (the second Monday) or FRI#L (the last)",
  },
];

const NICKNAMES: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

/** An hour field that names no hours. */
const EVERY_HOUR = /^(?:\*|\?|0-23)(?:\/1)?$/;

/**
 * Reads a cron expression: five fields, or a nickname such as `@daily`. When both a day of month and a day of week are
 * named, either is enough, as in every cron.
 *
 * @param text The expression.
 * @returns The pattern, or everything that is wrong with it.
 */
export function readCron(text: string): { ok: true; pattern: CronPattern } | { ok: false; problems: CronProblem[] } {
  if (text.length > MAX_CRON_LENGTH) return refuse(`It may have at most ${MAX_CRON_LENGTH} characters`);
  const fields = (NICKNAMES[text.trim().toLowerCase()] ?? text).trim().split(/\s+/);
  if (fields.length !== FIELDS.length) {
    const nicknames = Object.keys(NICKNAMES).join(", ");
    return refuse(`It needs five fields (minute, hour, day of month, month, day of week) or one of ${nicknames}`);
  }
  const problems = FIELDS.flatMap(({ name, range }, index) =>
    parse(fields.map((field, place) => place === index ? field : "*")) === null
      ? [{
        field: name,
        message: `The ${name} cannot be "${fields[index]}": it takes ${range}, *, lists, ranges, steps`,
      }]
      : []
  );
  if (problems.length > 0) return { ok: false, problems };
  const cron = parse(fields);
  if (cron === null) return refuse("Its fields do not go together");
  // Leap years included, and the one that is left out in 2100.
  if (cron.nextRun(new Date("2096-03-01T00:00:00Z")) === null) return refuse("No day fits: it would never be due");
  return {
    ok: true,
    pattern: {
      next: (after) => cron.nextRun(new Date(after))?.getTime() ?? null,
      everyHour: EVERY_HOUR.test(fields[1] ?? ""),
    },
  };
}

function refuse(message: string): { ok: false; problems: CronProblem[] } {
  return { ok: false, problems: [{ message }] };
}

/** In UTC, where every wall-clock time comes exactly once. */
function parse(fields: readonly string[]): Cron | null {
  try {
    return new Cron(fields.join(" "), { timezone: "UTC", mode: "5-part", paused: true });
  } catch {
    return null;
  }
}

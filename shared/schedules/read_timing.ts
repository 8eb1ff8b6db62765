import { invalidRequest, type Problem } from "../errors/mod.ts";
import { type CronProblem, readCron } from "./cron_pattern.ts";
import { dueTimes, type Timing } from "./due_times.ts";
import { readTimezone } from "./timezone.ts";

/** When a schedule is due, as people write it. */
export interface TimingInput {
  readonly cron: string;
  readonly timezone: string;
  /** ISO timestamps. */
  readonly starts_at?: string | null | undefined;
  readonly ends_at?: string | null | undefined;
}

/**
 * Reads when a schedule is due.
 *
 * @param path Where the input stands in the request.
 * @returns The timing, and the zone's name as the IANA database writes it.
 * @throws {AppError} `invalid_request` with every problem: the field of the cron expression, the unknown zone, an end
 * before the start, a stretch in which nothing is due.
 */
export function readTiming(input: TimingInput, path = "body"): Timing {
  const problems: Problem[] = [];
  const report = (field: string, code: string, message: string) =>
    void problems.push({ path: `${path}.${field}`, code, message });
  const cron = readCron(input.cron);
  if (!cron.ok) { for (const problem of cron.problems) report("cron", codeOf(problem), problem.message); }
  const timezone = readTimezone(input.timezone);
  if (timezone === null) {
    report(
      "timezone",
      "unknown_timezone",
      "There is no such time zone: name one of the IANA database, as Europe/Berlin",
    );
  }
  const startsAt = toMilliseconds(input.starts_at);
  const endsAt = toMilliseconds(input.ends_at);
  if (startsAt !== null && endsAt !== null && startsAt >= endsAt) {
    report("ends_at", "invalid_range", "It must end later than it starts");
  }
  if (!cron.ok || timezone === null || problems.length > 0) throw invalidRequest(problems);
  const timing = { pattern: cron.pattern, timezone, startsAt, endsAt };
  if (startsAt !== null && endsAt !== null && dueTimes(timing, { after: startsAt - 1, count: 1 }).length === 0) {
    throw invalidRequest([{
      path: `${path}.cron`,
      code: "never_due",
      message: "Nothing is due between start and end",
    }]);
  }
  return timing;
}

function codeOf({ field }: CronProblem): string {
  return field === undefined ? "invalid_cron" : `invalid_cron_${field.replaceAll(" ", "_")}`;
}

function toMilliseconds(timestamp: string | null | undefined): number | null {
  return timestamp === null || timestamp === undefined ? null : Date.parse(timestamp);
}

import type { Json } from "../../types.ts";
import type { Call } from "../call.ts";
import { defineFunctions } from "./define.ts";

/** ISO 8601 as webhooks write it: a date, or date and time with or without seconds, fraction and zone. */
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-])(\d\d):?(\d\d))?)?$/;
const DATE_TIME = "YYYY-MM-DDTHH:mm:ss.SSSZ";
/** The years that ISO 8601 writes with four digits. */
const LEAST_TIME = -62167219200000;
const MOST_TIME = 253402300799999;

const MILLISECONDS = { "milliseconds": 1, "seconds": 1000, "minutes": 60_000, "hours": 3_600_000, "days": 86_400_000 };
const UNITS = ["milliseconds", "seconds", "minutes", "hours", "days"] as const;
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/**
 * Functions on dates: ISO 8601 text, or a number of seconds since 1970 as Stripe and others send it. All in UTC, and
 * none knows what time it is now, so that a run replayed gives the same values; see `run.started_at`.
 */
export const DATE_FUNCTIONS = defineFunctions("date", [
  [
    "parseDate(value)",
    "The moment as ISO text in UTC; null when it is no date. Text without a zone is taken as UTC.",
    'parseDate("2026-11-05T10:00:00+02:00")',
    "2026-11-05T08:00:00.000Z",
    (call) => {
      const time = timeOf(call.value(0));
      return time === null ? null : new Date(time).toISOString();
    },
  ],
  [
    `formatDate(date, pattern = "${DATE_TIME}")`,
    "Written by a pattern of `YYYY YY MMMM MMM MM M DD D dddd ddd HH H mm ss SSS Z`; text in [brackets] stays.",
    'formatDate(1793872800, "ddd D MMMM YYYY [at] HH:mm")',
    "Thu 5 November 2026 at 10:00",
    (call) => formatTime(dateArgument(call, 0), call.text(1, DATE_TIME), call),
  ],
  [
    "addSeconds(date, seconds)",
    "The moment so many seconds later, or earlier when negative.",
    'addSeconds("2026-12-31T23:59:30Z", 60)',
    "2027-01-01T00:00:30.000Z",
    (call) => {
      const time = Math.round(dateArgument(call, 0) + call.number(1) * 1000);
      if (!(time >= LEAST_TIME && time <= MOST_TIME)) throw call.fail("Cannot leave the years 0000 to 9999", 1);
      return new Date(time).toISOString();
    },
  ],
  [
    'dateDiff(from, to, unit = "seconds")',
    "How much later `to` is than `from`, in milliseconds, seconds, minutes, hours or days; with fractions.",
    'dateDiff("2026-11-01", "2026-11-03T12:00:00Z", "days")',
    2.5,
    (call) => {
      const unit = call.choice(2, UNITS, "seconds");
      if (call.value(1) === null) return null;
      return (dateArgument(call, 1) - dateArgument(call, 0)) / MILLISECONDS[unit];
    },
  ],
]);

/** Milliseconds since 1970 of a date argument. */
function dateArgument(call: Call, index: number): number {
  const time = timeOf(call.value(index));
  if (time === null) throw call.wrong(index, "a date (ISO 8601 text or seconds since 1970)");
  return time;
}

function timeOf(value: Json): number | null {
  if (typeof value === "number") return within(Math.round(value * 1000));
  if (typeof value !== "string" || value.length > 40) return null;
  const match = ISO.exec(value.trim());
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((digits) => Number(digits ?? 0));
  if (year === undefined || month === undefined || day === undefined) return null;
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return null;
  if ((hour ?? 0) > 23 || (minute ?? 0) > 59 || (second ?? 0) > 59) return null;
  const fraction = Number((match[7] ?? "").padEnd(3, "0").slice(0, 3));
  const offset = offsetOf(match[9], Number(match[10] ?? 0), Number(match[11] ?? 0));
  if (offset === null) return null;
  const date = new Date(0);
  // Unlike Date.UTC(), this does not move the years 0 to 99 into the last century.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour ?? 0, minute ?? 0, second ?? 0, fraction);
  return within(date.getTime() - offset * MILLISECONDS.minutes);
}

/** Minutes that a zone is ahead of UTC; null when there is no such zone. */
function offsetOf(sign: string | undefined, hours: number, minutes: number): number | null {
  if (sign === undefined) return 0;
  if (hours > 23 || minutes > 59) return null;
  return (sign === "-" ? -1 : 1) * (hours * 60 + minutes);
}

function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function within(time: number): number | null {
  return time >= LEAST_TIME && time <= MOST_TIME ? time : null;
}

const PATTERN = /\[[^\][]*\]|YYYY|YY|MMMM|MMM|MM|M|DD|D|dddd|ddd|HH|H|mm|ss|SSS|Z/g;

function formatTime(time: number, pattern: string, call: Call): string {
  // A token of two characters becomes at most nine.
  call.budget.allowText(pattern.length * 5, call.at);
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const weekday = WEEKDAYS[date.getUTCDay()] ?? "";
  const month = MONTHS[date.getUTCMonth()] ?? "";
  const words: Record<string, string> = {
    "YYYY": String(date.getUTCFullYear()).padStart(4, "0"),
    "YY": two(date.getUTCFullYear() % 100),
    "MMMM": month,
    "MMM": month.slice(0, 3),
    "MM": two(date.getUTCMonth() + 1),
    "M": String(date.getUTCMonth() + 1),
    "DD": two(date.getUTCDate()),
    "D": String(date.getUTCDate()),
    "dddd": weekday,
    "ddd": weekday.slice(0, 3),
    "HH": two(date.getUTCHours()),
    "H": String(date.getUTCHours()),
    "mm": two(date.getUTCMinutes()),
    "ss": two(date.getUTCSeconds()),
    "SSS": String(date.getUTCMilliseconds()).padStart(3, "0"),
    "Z": "Z",
  };
  return pattern.replace(PATTERN, (token) => words[token] ?? token.slice(1, -1));
}

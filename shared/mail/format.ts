/**
 * Dates, numbers and amounts as the receiver reads them.
 *
 * @module
 */
import { minorDigits, writeMoney } from "../money/mod.ts";

/** Writes values in a language and time zone. */
export interface Format {
  /** `20 November 2026`. */
  date(iso: string): string;
  /** `20 November 2026 at 14:05 UTC`. */
  dateTime(iso: string): string;
  /** `1,234.5`. */
  number(value: number): string;
  /** A share of 0 to 1: `98.5%`. */
  percent(share: number): string;
  /** An amount in the minor unit of a currency (ISO 4217), as Stripe has it: 1999 and `EUR` give `€19.99`. */
  money(amount: number, currency: string): string;
}

/**
 * Makes a {@linkcode Format}. Mails are in English; the language decides how dates and numbers are written.
 *
 * @param locale BCP 47; what is unknown is `en-GB`.
 * @param timeZone IANA; what is unknown is UTC.
 */
export function createFormat(locale: string | undefined, timeZone: string | undefined): Format {
  const language = knownLocale(locale);
  const zone = timeZone !== undefined && isTimeZone(timeZone) ? timeZone : "UTC";
  const dates = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: zone });
  const days = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" });
  const times = new Intl.DateTimeFormat(language, {
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
    timeZoneName: "short",
  });
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const percents = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  return {
    // A day is the same day everywhere.
    date: (iso) => (/^\d{4}-\d{2}-\d{2}$/.test(iso) ? days : dates).format(new Date(iso)),
    dateTime: (iso) => times.format(new Date(iso)),
    number: (value) => numbers.format(value),
    percent: (share) => percents.format(share),
    money(amount, currency) {
      const code = currency.toLowerCase();
      const digits = minorDigits(code);
      return new Intl.NumberFormat(language, {
        style: "currency",
        currency,
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
        // As text, so that no digit is lost on the way.
      }).format(writeMoney({ amount, currency: code }) as Intl.StringNumericLiteral);
    },
  };
}

/** Milliseconds for people: `340 ms`, `2.4 s`, `3 min`, `2.5 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${round(milliseconds / 1_000)} s`;
  if (milliseconds < 3_600_000) return `${round(milliseconds / 60_000)} min`;
  return `${round(milliseconds / 3_600_000)} h`;
}

/** Makes text fit for one line: a subject, a row. Control characters become spaces, what is too long is cut. */
export function oneLine(text: string, length = 120): string {
  const line = text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  return line.length <= length ? line : `${line.slice(0, length - 1).trimEnd()}…`;
}

function round(value: number): string {
  return value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

function knownLocale(locale: string | undefined): string {
  try {
    return Intl.getCanonicalLocales(locale ?? "en-GB")[0] ?? "en-GB";
  } catch {
    return "en-GB";
  }
}

/** Whether dates can be written in a time zone: one of the IANA database, no offset, for that knows no summer time. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

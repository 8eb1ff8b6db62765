/** Seconds that a `Retry-After` is believed: a day. */
const MAX_SECONDS = 86_400;

/**
 * Reads a `Retry-After` field. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 *
 * @param value The field: seconds, or an HTTP date.
 * @param now The present, for dates.
 * @returns Seconds from now, at most a day; null when there is none or it makes no sense.
 */
export function parseRetryAfter(value: string | undefined, now: Date): number | null {
  if (value === undefined) return null;
  const text = value.trim();
  if (/^\d{1,10}$/.test(text)) return Math.min(Number(text), MAX_SECONDS);
  // Only the date form of HTTP: Date.parse would read almost anything.
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return null;
  const date = Date.parse(text);
  if (Number.isNaN(date)) return null;
  return Math.min(Math.max(Math.ceil((date - now.getTime()) / 1000), 0), MAX_SECONDS);
}

/**
 * A UUID version 7 (RFC 9562), as `private.uuid_v7` makes them: milliseconds, microseconds as a fraction of 4096, random.
 *
 * @param at The moment by the clock of the database, as JSON of Postgres has it: `2026-01-01T00:00:00.123456+00:00`.
 */
export function uuidV7(at: string): string {
  const milliseconds = Date.parse(at).toString(16).padStart(12, "0");
  const microseconds = Number((/\.(\d+)/.exec(at)?.[1] ?? "").padEnd(6, "0").slice(3, 6));
  const fraction = Math.floor(microseconds * 4.096).toString(16).padStart(3, "0");
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-7${fraction}${crypto.randomUUID().slice(18)}`;
}

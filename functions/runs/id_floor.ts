/** 48 bits of milliseconds: the year 10889. */
const MAX_MILLISECONDS = 2 ** 48 - 1;

/**
 * The smallest UUIDv7 of a moment (RFC 9562): ids of what was made from then on are not below it.
 *
 * @param moment ISO 8601.
 */
export function idFloor(moment: string): string {
  const milliseconds = Math.min(Math.max(Date.parse(moment), 0), MAX_MILLISECONDS);
  const hex = milliseconds.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** Columns of the export as CSV, in order. */
export const CSV_COLUMNS = [
  "id",
  "occurred_at",
  "actor",
  "user_id",
  "key_id",
  "auth",
  "via",
  "ip",
  "agent",
  "request_id",
  "action",
  "target_type",
  "target_id",
  "before",
  "after",
  "details",
] as const;

/**
 * A line of CSV (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe before it.
 *
 * @param cells Text as it is, null as nothing, anything else as JSON.
 */
export function csvLine(cells: readonly unknown[]): string {
  return cells.map(csvCell).join(",") + "\r\n";
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

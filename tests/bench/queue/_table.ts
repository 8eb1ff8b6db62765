/**
 * Tables for people: aligned in a terminal, Markdown in a file.
 *
 * @module
 */

/** A table with what it means. */
export interface Table {
  title: string;
  /** What the rows and columns are, in a sentence or two. */
  about: string;
  columns: readonly string[];
  /** The first cell names the row. */
  rows: readonly (readonly string[])[];
}

/** Lines for a terminal. */
export function renderText({ title, about, columns, rows }: Table): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => (row[index] ?? "").length))
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, index) => index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!)).join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [title, about, "", line(columns), rule, ...rows.map(line), ""].join("\n");
}

/** A section of a Markdown file. */
export function renderMarkdown({ title, about, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = line(columns.map((_, index) => index === 0 ? "---" : "---:"));
  return [`### ${title}`, "", about, "", line(columns), rule, ...rows.map(line), ""].join("\n");
}

/** A number as people read it: three digits that count (all of a whole number), thousands apart. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
  const digits = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ",");
}

/** How many times as much. */
export function ratio(value: number, base: number): string {
  return `${number(value / base)}×`;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value that a share of the values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  return low + (high - low) * (at - Math.floor(at));
}

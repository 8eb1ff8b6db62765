/**
 * Parts of the mails that the platform sends.
 *
 * @module
 */

/** Makes text safe inside HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Makes text fit for one line: a subject, a row. Control characters become spaces, what is too long is cut. */
export function oneLine(text: string, length = 120): string {
  const line = text.replaceAll(/\p{Cc}+/gu, " ").trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

/** A table as HTML. Cells are escaped here. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: "td" | "th") =>
    `<tr>${
      cells.map((cell) => `<${tag} align="left" style="padding:2px 12px 2px 0">${escapeHtml(cell)}</${tag}>`).join("")
    }</tr>`;
  return `<table>${row(head, "th")}${rows.map((cells) => row(cells, "td")).join("")}</table>`;
}

/** Milliseconds for people: `340 ms`, `2.4 s`, `3 min`, `2.5 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${round(milliseconds / 1_000)} s`;
  if (milliseconds < 3_600_000) return `${round(milliseconds / 60_000)} min`;
  return `${round(milliseconds / 3_600_000)} h`;
}

function round(value: number): string {
  return value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

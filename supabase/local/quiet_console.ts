/**
 * Keeps the terminal for what people need to know.
 *
 * @module
 */
import { ReportedError } from "./lite_errors.ts";

/** Notes that libraries and the runtime write about things that are as they should be here. */
const EXPECTED = [
  // lite's Storage is experimental, and this stack is for development.
  "EXPERIMENTAL FEATURES ENABLED",
  // Gateway and functions listen to the client's signal; that it also fires after a full answer does no harm, and the
  // edge runtime's Deno behaves the same, without the note.
  "Deno.serve: request.signal aborts on successful responses",
];

/** Whether a line is a note about something that is as it should be. */
export function isExpectedNote(line: string): boolean {
  return EXPECTED.some((text) => line.startsWith(text));
}

let quiet = false;

/** Drops expected notes, and database errors that the client has received in full; everything else is written. */
export function quietConsole(): void {
  if (quiet) return;
  quiet = true;
  const { error, warn } = console;
  console.error = (...parts: unknown[]) => {
    if (!(parts[0] instanceof ReportedError)) error(...parts);
  };
  console.warn = (...parts: unknown[]) => {
    if (!isExpectedNote(String(parts[0]))) warn(...parts);
  };
}

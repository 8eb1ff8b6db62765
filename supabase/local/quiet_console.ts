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
  // The gateway hands the client's signal on to functions; that it also fires after a full answer does no harm.
  "Deno.serve: request.signal aborts on successful responses",
];

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
    if (!EXPECTED.some((text) => String(parts[0]).startsWith(text))) warn(...parts);
  };
}

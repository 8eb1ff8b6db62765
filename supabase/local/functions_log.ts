/**
 * The functions' log lines: all of them into a file, what went wrong also to the terminal.
 *
 * @module
 */
import { style } from "./terminal.ts";

/** Takes the lines. */
export interface FunctionsLog extends AsyncDisposable {
  write(line: string): void;
}

/** Opens the file for appending. A line is shown when it is no JSON or its level is `warn` or `error`. */
export function openLog(path: string): FunctionsLog {
  const file = Deno.openSync(path, { create: true, append: true });
  const encoder = new TextEncoder();
  return {
    write(line) {
      file.writeSync(encoder.encode(`${line}\n`));
      if (isWorthShowing(line)) console.log(`  ${style("functions", "yellow")} ${line}`);
    },
    async [Symbol.asyncDispose]() {
      await file.syncData();
      file.close();
    },
  };
}

function isWorthShowing(line: string): boolean {
  try {
    const { level } = JSON.parse(line);
    return level === "warn" || level === "error";
  } catch {
    return line.trim() !== "";
  }
}

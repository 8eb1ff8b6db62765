/**
 * What the stack writes to the terminal.
 *
 * @module
 */
import { relative } from "node:path";

const COLOR = Deno.stdout.isTerminal() && !Deno.noColor;

/** Text in a style; plain where nobody sees colours. */
export function style(text: string, code: "bold" | "dim" | "green" | "red" | "cyan" | "yellow"): string {
  const codes = { bold: 1, dim: 2, green: 32, red: 31, cyan: 36, yellow: 33 };
  return COLOR ? `\x1b[${codes[code]}m${text}\x1b[0m` : text;
}

/** A step that has begun. */
export interface Step {
  /** Ends it; `detail` is written behind the title. */
  done(detail?: string): void;
}

/** Announces a step and, when it is done, how long it took. */
export function step(title: string): Step {
  const start = performance.now();
  // On a terminal the line is there while one waits; elsewhere it is written once.
  if (Deno.stdout.isTerminal()) Deno.stdout.writeSync(new TextEncoder().encode(`  ${style("…", "dim")} ${title}`));
  return {
    done(detail) {
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const extra = detail ? style(` (${detail})`, "dim") : "";
      const line = `  ${style("✓", "green")} ${title}${extra} ${style(`${seconds} s`, "dim")}`;
      console.log(Deno.stdout.isTerminal() ? `\r\x1b[K${line}` : line);
    },
  };
}

/** Two columns, the first padded. */
export function table(rows: [string, string][]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${style(name.padEnd(width), "dim")}  ${value}`).join("\n");
}

/** A path as people like to read and copy it: from where they are, when that is shorter. */
export function shown(path: string): string {
  const near = relative(Deno.cwd(), path);
  return near.length < path.length && !near.startsWith("..") ? near : path;
}

/** A heading with room above it. */
export function heading(text: string): void {
  console.log(`\n${style(text, "bold")}`);
}

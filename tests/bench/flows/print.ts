/**
 * The results as Markdown.
 *
 * @module
 */
import type { FlowsSizes, SystemResult } from "../flows.ts";
import { ANSWERED } from "./scenarios.ts";

/** n8n 2.41 on two cores, measured once elsewhere: it is no part of this run. */
const N8N: Record<string, string> = {
  "S1 p50, ms": "39",
  "S1 runs/s": "36",
  "S2 steps/s": "306",
  "S4 items/s": "2,250",
  "S5 finished/s": "30",
  "S6 finished": "30 of 200",
};

/** One line: what it is, a value for each system, and whether more is better. */
interface Line {
  what: string;
  values: readonly number[];
  /** `more` or `less` is better; absent = no ratio. */
  better?: "more" | "less";
  digits?: number;
  /** Words instead of the values. */
  texts?: readonly string[];
}

/** Prints the tables. The first system is compared with the second. */
export function printResults(results: readonly SystemResult[], sizes: FlowsSizes): void {
  const [first, second] = results;
  const ratio = second === undefined ? [] : [`${first!.name} : ${second.name}`];
  const header = ["", ...results.map(({ name }) => name), ...ratio, "n8n 2.41 (earlier, elsewhere)"];
  console.log(`
Medians of ${sizes.rounds} round(s), the systems in turn. Ratios above 1 are in favour of ${first?.name}.
`);
  console.log(`| ${header.join(" | ")} |`);
  console.log(`| --- |${" ---: |".repeat(header.length - 1)}`);
  for (const { what, values, better, digits = 0, texts } of linesOf(results, sizes)) {
    const cells = texts ?? values.map((value) => format(value, digits));
    const [a = NaN, b = NaN] = values;
    const against = better === undefined ? "" : `${(better === "more" ? a / b : b / a).toFixed(2)}×`;
    console.log(`| ${[what, ...cells, ...ratio.map(() => against), N8N[what] ?? ""].join(" | ")} |`);
  }
}

function linesOf(results: readonly SystemResult[], sizes: FlowsSizes): Line[] {
  const lines: Line[] = [];
  for (const { id, steps, unit } of ANSWERED) {
    const name = id.toUpperCase();
    const found = results.map((result) => result.answered[id]!);
    lines.push(
      { what: `${name} p50, ms`, values: found.map(({ p50 }) => p50), better: "less", digits: 1 },
      { what: `${name} p95, ms`, values: found.map(({ p95 }) => p95), better: "less", digits: 1 },
      { what: `${name} ${unit}/s`, values: found.map(({ runsPerSecond }) => runsPerSecond * steps), better: "more" },
      {
        what: `${name} processor ms a run`,
        values: found.map(({ cpuMsPerRun }) => cpuMsPerRun),
        better: "less",
        digits: 2,
      },
      { what: `${name} WAL bytes a run`, values: found.map(({ walBytesPerRun }) => walBytesPerRun), better: "less" },
      { what: `${name} rows a run`, values: found.map(({ rowsPerRun }) => rowsPerRun), better: "less", digits: 1 },
      {
        what: `${name} transactions a run`,
        values: found.map(({ transactionsPerRun }) => transactionsPerRun),
        better: "less",
        digits: 1,
      },
    );
  }
  const bursts = results.map(({ burst }) => burst);
  lines.push(
    { what: "S5 accepted/s", values: bursts.map((burst) => burst.acceptedPerSecond), better: "more" },
    { what: "S5 acknowledged p99, ms", values: bursts.map(({ p99 }) => p99), better: "less" },
    { what: "S5 finished/s", values: bursts.map((burst) => burst.finishedPerSecond), better: "more" },
    { what: "S5 processor ms a run", values: bursts.map(({ cpuMsPerRun }) => cpuMsPerRun), better: "less", digits: 2 },
    { what: "S5 WAL bytes a run", values: bursts.map((burst) => burst.walBytesPerRun), better: "less" },
  );
  const crashes = results.map(({ crash }) => crash);
  const words = (what: string, texts: string[]): Line => ({ what, values: [], texts });
  lines.push(
    words("S6 finished", crashes.map(({ completed }) => `${completed} of ${sizes.crash}`)),
    words("S6 failed, lost, stuck", crashes.map(({ failed, lost, stuck }) => `${failed}, ${lost}, ${stuck}`)),
    words("S6 steps run twice", crashes.map(({ repeatedSteps }) => String(repeatedSteps))),
    words("S6 effects, each once", crashes.map((crash) => `${crash.effects} of ${crash.expectedEffects}`)),
    words("S6 recovered after, s", crashes.map(({ secondsToRecover }) => secondsToRecover.toFixed(1))),
  );
  return lines;
}

function format(value: number, digits: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

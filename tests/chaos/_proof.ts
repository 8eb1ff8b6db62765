/**
 * What a run of the chaos tests has proved, with counts.
 *
 * @module
 */

/** One line of the table. */
export interface Proof {
  /** The scenario. */
  scenario: string;
  /** What was done to the system, with counts. */
  injected: string;
  /** Runs that somebody was told of; all of them have ended as they must. */
  acknowledged: number;
  /** Jobs, likewise. */
  jobs: number;
  /** Keys under which the ledger saw effects: each once or more, and all that were to be. */
  effects: number;
  /** Deliveries beyond the first of a key; the receiver tells them by their key. */
  deliveredAgain: number;
  /** Effects that may happen once only, and did. */
  atMostOnce: number;
  /** Of those, how many a person had to decide, because nobody knew. */
  decided: number;
  /** Results that Postgres accepted. */
  accepted: number;
  /** Of those, how many came from a worker that did not hold the lease. */
  stale: number;
  /** Longest time until work that had been interrupted went on, milliseconds; null = nothing was interrupted. */
  resumedMs: number | null;
  /** What went wrong; empty = nothing. */
  faults: string[];
}

/** Longest time that the work may lie idle after a fault, milliseconds. */
export const RESUME_WITHIN_MS = 60_000;

const HEADINGS = [
  "scenario",
  "injected",
  "runs",
  "jobs",
  "effects",
  "again, same key",
  "at most once (decided)",
  "writes accepted, stale",
  "resumed after",
  "verdict",
];

/** The table, as Markdown. */
export function renderProofs(proofs: readonly Proof[]): string {
  const rows = proofs.map((proof) =>
    [
      proof.scenario,
      proof.injected,
      proof.acknowledged,
      proof.jobs,
      proof.effects,
      proof.deliveredAgain,
      `${proof.atMostOnce} (${proof.decided})`,
      `${proof.accepted}, ${proof.stale}`,
      proof.resumedMs === null ? "not interrupted" : `${(proof.resumedMs / 1000).toFixed(1)} s`,
      proof.faults.length === 0 ? "held" : "BROKEN",
    ].map(String)
  );
  const widths = HEADINGS.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(HEADINGS), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

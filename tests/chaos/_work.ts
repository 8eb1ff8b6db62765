/**
 * What a flow of the scenarios is.
 *
 * @module
 */
import type { Graph, JsonObject } from "../../shared/graph/mod.ts";

/** A flow, and what must have come of each of its runs. */
export interface Work {
  /** @param ledgerPort Where the ledger listens. */
  graph(ledgerPort: number): Graph;
  /** The input of a run, by its number. */
  input(order: number): JsonObject;
  /** Keys of all effects of a run. */
  keys(runId: string): string[];
  /** The key of the effect that may happen once only; null = there is none. */
  once(runId: string): string | null;
  /** Names of the steps that must be there once and completed, as `node` or `node@scope`. */
  readonly steps: readonly string[];
}

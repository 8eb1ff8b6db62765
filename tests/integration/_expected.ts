/**
 * What a run has to give.
 *
 * @module
 */
import type { StepError } from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";

/** What is recorded of a node in the end. */
export interface ExpectedStep {
  status: "completed" | "failed" | "skipped";
  output: Json;
  error: StepError | null;
  /** The failures that were tried again, in order, when no attempt is lost. */
  retried: StepError[];
  /** True = chance decides whether it is done. */
  optional?: true;
  /** True = chance decides what it gives. */
  any?: true;
}

/** One way in which the run may end. */
export interface ExpectedEnd {
  status: "completed" | "failed";
  output: Json;
  error: StepError | null;
  /** The step that ends the run, null when all that was to do is done. */
  node: string | null;
  /** False = the run may end so before everything in `steps` is done. */
  everything: boolean;
}

/** What a run has to give. */
export interface Expected {
  /** By {@linkcode keyOf}: what the node records if the run gets that far. */
  steps: Map<string, ExpectedStep>;
  /** By the same key: what undoes the step, if it has to be. */
  undo: Map<string, ExpectedStep>;
  /** Several when branches race to end the run: whichever comes first decides. */
  ends: ExpectedEnd[];
}

/** Chance decides what the run gives, in more ways than can be told. */
export class Ambiguous extends Error {}

/** A step's name: `node`, in a body `node@scope`. */
export function keyOf(node: string, scope: string): string {
  return scope === "" ? node : `${node}@${scope}`;
}

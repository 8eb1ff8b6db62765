/**
 * Records that no node makes: what is skipped, and in which item of a region a token is.
 *
 * @module
 */
import { segmentsOf } from "./_scopes.ts";
import type { StepAttempt } from "./execute_node.ts";
import { isLeaf } from "./run_step.ts";
import { ownerReaders } from "./token_reads.ts";
import type { Job, StepError, StepRecord } from "./types.ts";

/** A step that is not run. */
export function skippedStep({ plan, position: { node }, job }: StepAttempt): StepRecord {
  return { ...empty(node.id), status: "skipped", leaf: !job.scope && isLeaf(plan, node) };
}

/**
 * What the owner of a region gives to one item, as a step in the scope of that item.
 *
 * @param exit The exit over which the item leaves the region at once.
 * @returns The step and whether it is recorded in any case, rather than for those who come after; null when nobody reads
 * it.
 */
export function itemStep(
  { plan, position: { node }, scope }: StepAttempt,
  exit?: number,
): { step: StepRecord; always: boolean } | null {
  const region = node.opens === undefined ? undefined : plan.regions[node.opens];
  if (region === undefined) return null;
  const readers = ownerReaders(plan, region);
  if (exit === undefined && readers === null) return null;
  const step = { ...empty(node.id), output: scope.get(node.id), ...(exit !== undefined && { exit }) };
  return { step, always: exit !== undefined || readers === "undo" };
}

/** Says at the owner, in the scope of the item, why the item failed: no step of its own did. */
export function ownerFailed(job: Job, error: StepError): StepRecord {
  const owner = segmentsOf(job.scope ?? "").at(-1)?.owner ?? "";
  // It may be recorded already that the item began.
  return { ...empty(owner), attempt: 2, status: "failed", error };
}

function empty(node: string): StepRecord {
  const now = performance.now();
  return {
    node,
    attempt: 1,
    status: "completed",
    leaf: false,
    handles: null,
    output: null,
    error: null,
    startedAt: now,
    finishedAt: now,
  };
}

/**
 * One attempt of one node: what it gave, or its failure turned into what the node's settings say.
 *
 * @module
 */
import { ExpressionBudget, type Json, type JsonObject, type Plan, type PlanEdge, type PlanNode } from "../graph/mod.ts";
import type { NodeError, NodeResult, NodeWait, RegionOpening } from "../nodes/mod.ts";
import { keepOutput, loadReads, StorageFailure } from "./_large_outputs.ts";
import { errorWithoutSecrets, withoutSecrets, withStepSecrets } from "./_step_secrets.ts";
import { isUnknown, storableError, toNodeError } from "./_step_failure.ts";
import { executeNode, type StepAttempt, type StepSurroundings } from "./execute_node.ts";
import { backoffDelay, retryDelay } from "./retry.ts";
import { toStorable } from "./storable.ts";
import type { JobResult, StepError, StepRecord } from "./types.ts";

/** How an attempt ended. */
export type StepOutcome =
  /** The run goes on over the live edges. */
  | { kind: "done"; record: StepRecord; live: Set<PlanEdge> }
  /** Another attempt follows. */
  | { kind: "retry"; record: StepRecord; delayMs: number }
  /** The run, or the item of the region, fails. */
  | { kind: "failed"; record: StepRecord; error: StepError }
  /** A stop node: the run ends. */
  | { kind: "stopped"; record: StepRecord; finish: NonNullable<JobResult["finish"]> }
  /** Items go into the region of the node. The owner is recorded now (a splitter) or at its end (null). */
  | { kind: "opens"; record: StepRecord | null; opening: RegionOpening }
  /** The step is not over. */
  | { kind: "waits"; wait: NodeWait }
  | { kind: "starts"; start: NonNullable<NodeResult["start"]> }
  /** Nobody knows whether the effect happened: a person decides. */
  | { kind: "unknown"; record: StepRecord; error: StepError }
  /** A service that the step needs is known to be down: nothing was done, and the attempt does not count. */
  | { kind: "held_back"; delayMs: number; reason: string }
  /** The worker is going; nothing is known of the attempt. */
  | { kind: "given_back" };

type MakeRecord = (
  status: StepRecord["status"],
  output: Json,
  handles: string[] | null,
  error: StepError | null,
) => StepRecord;

/**
 * Runs one attempt of a node.
 *
 * @throws {StorageFailure} Storage is away, and the node only computes: it is run again with all that its token brought.
 */
export async function runStep(step: StepAttempt, surroundings: StepSurroundings): Promise<StepOutcome> {
  const { node, payload } = step.position;
  const record = recorder(step);
  // The region that the node closes has failed; nothing is left to run.
  if (payload?.close?.error !== undefined) return fail(step, payload.close.error, record);
  let failure: NodeError;
  let ready = step;
  try {
    ready = await withStepSecrets(step, surroundings);
    const result = withoutSecrets(await executeNode(await loadReads(ready, surroundings), surroundings), ready);
    if (result.wait !== undefined) return { kind: "waits", wait: result.wait };
    if (result.start !== undefined) return { kind: "starts", start: result.start };
    if (result.open !== undefined) return opened(step, result, result.open, record);
    const { value, kept } = await keepOutput(result.output, step.job, surroundings);
    step.scope.set(node.id, value);
    if (result.stop !== undefined) return stopped(result, record, kept, node);
    const handles = result.handles ?? null;
    return done(step, record("completed", kept, handles, null), handles);
  } catch (error) {
    if (surroundings.signal.aborted) return { kind: "given_back" };
    if (error instanceof StorageFailure && error.retryable && node.kind !== "effect") throw error;
    const { secrets } = ready;
    const said = secrets === undefined ? error : errorWithoutSecrets(error, secrets.redactor);
    failure = toNodeError(said, node, surroundings.log);
  }

  if (failure.code === "provider_unavailable") {
    const delayMs = backoffDelay({ minMs: 1_000 }, 1, surroundings.random(), failure.retryAfterSeconds);
    if (delayMs < step.remainingMs) return { kind: "held_back", delayMs, reason: failure.message };
  }
  const error = storableError(failure, node);
  if (node.delivery === "at_most_once" && step.job.pins === undefined && isUnknown(failure)) {
    return { kind: "unknown", record: record("unknown", null, null, error), error };
  }
  const delayMs = node.kind === "effect" ? retryDelay(node.retry, step.attempt, failure, surroundings.random()) : null;
  if (delayMs !== null && delayMs < step.remainingMs) {
    return { kind: "retry", record: record("retried", null, null, error), delayMs };
  }
  return fail(step, error, record);
}

/** The outcome of a step of unknown outcome, once a person has said what it was. */
export async function decideStep(
  step: StepAttempt,
  decision: JsonObject,
  surroundings: StepSurroundings,
): Promise<StepOutcome> {
  const { node } = step.position;
  const record = recorder(step);
  if (decision["outcome"] === "completed") {
    try {
      // The conditions of its edges are to be evaluated.
      const { scope } = await loadReads(step, surroundings);
      const { value, kept } = await keepOutput(decision["output"], step.job, surroundings);
      scope.set(node.id, value);
      return done(step, record("completed", kept, null, null), null);
    } catch (error) {
      if (surroundings.signal.aborted) return { kind: "given_back" };
      // What a person said is not to be lost because Storage is away.
      if (error instanceof StorageFailure && error.retryable) throw error;
      const failure = toNodeError(error, node, { debug() {}, info() {}, warn() {}, error() {} });
      return fail(step, storableError(failure, node), record);
    }
  }
  const { code = "provider_error", message = "A person said that the step has failed" } = asObject(decision["error"]);
  return fail(step, { code: String(code), message: String(message), node_id: node.id }, record);
}

/** An attempt of which nobody knows what it did, because its worker was lost. */
export function lostStep(step: StepAttempt): StepOutcome {
  const { node } = step.position;
  const message = "The worker was lost while the step was at work";
  const error: StepError = { code: "worker_lost", message, node_id: node.id };
  return { kind: "unknown", record: recorder(step)("unknown", null, null, error), error };
}

function recorder({ plan, position: { node, payload }, attempt, job, now: clock }: StepAttempt): MakeRecord {
  const now = performance.now();
  const since = payload?.wait?.since;
  // A step that waited began then.
  const startedAt = since === undefined ? now : now - Math.max(0, clock() - since);
  return (status, output, handles, error) => ({
    node: node.id,
    attempt,
    status,
    leaf: !job.scope && isLeaf(plan, node),
    handles,
    output,
    error,
    startedAt,
    finishedAt: performance.now(),
  });
}

function done(step: StepAttempt, record: StepRecord, handles: string[] | null): StepOutcome {
  const { node } = step.position;
  const budget = new ExpressionBudget();
  // The edges into the body of a loop are followed by its items.
  const live = new Set(node.out.filter((edge) => !edge.body && step.scope.isLive(edge, handles, budget)));
  // With several exits the item is left over the first one: its value is the same.
  const exit = [...live].find((edge) => edge.exit)?.slot;
  return { kind: "done", record: exit === undefined ? record : { ...record, exit }, live };
}

function opened(step: StepAttempt, result: NodeResult, opening: RegionOpening, record: MakeRecord): StepOutcome {
  const { plan, position: { node } } = step;
  const items = toStorable(opening.items) as Json[];
  return {
    kind: "opens",
    record: isSplitter(plan, node) ? record("completed", toStorable(result.output), null, null) : null,
    opening: { ...opening, items },
  };
}

/** What the node's settings make of a failure that no further attempt will mend. */
function fail(step: StepAttempt, error: StepError, record: MakeRecord): StepOutcome {
  const { node } = step.position;
  const failed = (): StepOutcome => ({ kind: "failed", record: record("failed", null, null, error), error });
  if (node.onError === "stop") return failed();
  const handles = node.onError === "branch" ? ["error"] : null;
  try {
    const output = toStorable({ error });
    step.scope.set(node.id, output);
    return done(step, record("failed", output, handles, error), handles);
  } catch {
    // The condition of an edge can not be evaluated for the error either, or the error is too large to go on with.
    return failed();
  }
}

function stopped(result: NodeResult, record: MakeRecord, output: Json, node: PlanNode): StepOutcome {
  const ended = record("completed", output, null, null);
  if (result.stop?.status !== "failed") {
    return { kind: "stopped", record: ended, finish: { status: "completed", output, error: null } };
  }
  const error: StepError = {
    code: "stopped",
    message: result.stop.message ?? "The flow stopped itself",
    node_id: node.id,
  };
  return { kind: "stopped", record: ended, finish: { status: "failed", output, error } };
}

/** Whether nothing follows a node: what a loop leads into is not behind it, and behind a splitter is its collector. */
export function isLeaf(plan: Plan, node: PlanNode): boolean {
  return node.out.every((edge) => edge.body) && !isSplitter(plan, node);
}

/** Whether a node opens a region that another one closes. */
export function isSplitter(plan: Plan, node: PlanNode): boolean {
  return node.opens !== undefined && plan.regions[node.opens]?.kind === "splitter";
}

function asObject(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

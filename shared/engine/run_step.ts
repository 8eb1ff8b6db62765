/**
 * One attempt of one node: its config resolved, its time limited, its failure turned into what the node's settings say.
 *
 * @module
 */
import {
  ExpressionBudget,
  ExpressionError,
  type Json,
  type JsonObject,
  type PlanEdge,
  type PlanNode,
  resolveConfig,
} from "../graph/mod.ts";
import { getNode, type NodeContext, NodeError, type NodeLog, type NodeResult, runNode } from "../nodes/mod.ts";
import type { Providers } from "../providers/mod.ts";
import type { Position } from "./frontier.ts";
import { retryDelay } from "./retry.ts";
import type { StepScope } from "./step_scope.ts";
import { toStorable } from "./storable.ts";
import { startTimeLimit } from "./time_limit.ts";
import type { Job, JobResult, StepError, StepRecord } from "./types.ts";

/** What steps may use. */
export interface StepSurroundings {
  providers: Providers;
  log: NodeLog;
  /** Aborted when the lease is lost or the worker goes. */
  signal: AbortSignal;
  /** A number in [0, 1), for jitter. */
  random(): number;
}

/** One attempt. */
export interface StepAttempt {
  position: Position;
  /** From 1. */
  attempt: number;
  /** Milliseconds until the run times out. */
  remainingMs: number;
  job: Job;
  scope: StepScope;
}

/** How an attempt ended. */
export type StepOutcome =
  /** The run goes on over the live edges. */
  | { kind: "done"; record: StepRecord; live: Set<PlanEdge> }
  /** Another attempt follows. */
  | { kind: "retry"; record: StepRecord; delayMs: number }
  /** The run ends. */
  | { kind: "ended"; record: StepRecord; finish: NonNullable<JobResult["finish"]> }
  /** The worker is going; nothing is known of the attempt. */
  | { kind: "given_back" };

/** Characters of a failure's message that are kept. */
const MAX_MESSAGE = 10_000;

/** Runs one attempt of a node. Never throws. */
export async function runStep(step: StepAttempt, surroundings: StepSurroundings): Promise<StepOutcome> {
  const { node } = step.position;
  const startedAt = performance.now();
  const record = (
    status: StepRecord["status"],
    output: Json,
    handles: string[] | null,
    error: StepError | null,
  ): StepRecord => ({
    node: node.id,
    attempt: step.attempt,
    status,
    leaf: node.out.length === 0,
    handles,
    output,
    error,
    startedAt,
    finishedAt: performance.now(),
  });

  let failure: NodeError;
  try {
    const result = await execute(step, surroundings);
    const output = toStorable(result.output);
    step.scope.set(node.id, output);
    if (result.stop !== undefined) return stopped(result, record, output, node);
    const handles = result.handles ?? null;
    return { kind: "done", record: record("completed", output, handles, null), live: liveEdges(step, handles) };
  } catch (error) {
    if (surroundings.signal.aborted) return { kind: "given_back" };
    failure = toNodeError(error, node, surroundings.log);
  }

  const error = storableError(failure, node);
  const delayMs = node.kind === "effect" ? retryDelay(node.retry, step.attempt, failure, surroundings.random()) : null;
  if (delayMs !== null && delayMs < step.remainingMs) {
    return { kind: "retry", record: record("retried", null, null, error), delayMs };
  }
  return failed(step, error, record);
}

type MakeRecord = (
  status: StepRecord["status"],
  output: Json,
  handles: string[] | null,
  error: StepError | null,
) => StepRecord;

/** What the node's settings make of a failure that no further attempt will mend. */
function failed(step: StepAttempt, error: StepError, record: MakeRecord): StepOutcome {
  const { node } = step.position;
  const ended = (): StepOutcome => ({
    kind: "ended",
    record: record("failed", null, null, error),
    finish: { status: "failed", output: null, error },
  });
  if (node.onError === "stop") return ended();
  const handles = node.onError === "branch" ? ["error"] : null;
  try {
    const output = toStorable({ error });
    step.scope.set(node.id, output);
    return { kind: "done", record: record("failed", output, handles, error), live: liveEdges(step, handles) };
  } catch {
    // The condition of an edge can not be evaluated for the error either, or the error is too large to go on with.
    return ended();
  }
}

function stopped(result: NodeResult, record: MakeRecord, output: Json, node: PlanNode): StepOutcome {
  if (result.stop?.status !== "failed") {
    return {
      kind: "ended",
      record: record("completed", output, null, null),
      finish: { status: "completed", output, error: null },
    };
  }
  const error: StepError = {
    code: "stopped",
    message: result.stop.message ?? "The flow stopped itself",
    node_id: node.id,
  };
  return {
    kind: "ended",
    record: record("completed", output, null, null),
    finish: { status: "failed", output, error },
  };
}

async function execute(step: StepAttempt, surroundings: StepSurroundings): Promise<NodeResult> {
  const { position: { node, slots }, job, scope } = step;
  const definition = getNode(node.type);
  if (definition === undefined) {
    throw new NodeError(`There is no node type ${node.type}`, { code: "node_config_invalid" });
  }
  const config = resolveConfig(node.config, scope.expressions) as JsonObject;
  const context = (signal: AbortSignal): NodeContext => ({
    run: {
      id: job.run_id,
      organizationId: job.organization_id,
      flowId: job.flow_id,
      startedAt: job.started_at,
    },
    node: { id: node.id, type: node.type, attempt: step.attempt },
    trigger: job.input,
    inputs: definition.joins ? joinInputs(step, slots) : [],
    idempotencyKey: [job.run_id, node.id, job.scope].filter((part) => part !== undefined && part !== "").join(":"),
    signal,
    log: surroundings.log,
    providers: surroundings.providers,
  });
  // What only computes is bounded in itself, and no timer would interrupt it.
  if (node.kind === "pure") return await runNode(definition, config, context(surroundings.signal));
  const seconds = Math.min(node.timeoutSeconds, Math.max(0, step.remainingMs) / 1000);
  const limit = startTimeLimit(surroundings.signal, Math.ceil(seconds * 1000));
  try {
    return await Promise.race([runNode(definition, config, context(limit.signal)), limit.aborted]);
  } catch (error) {
    if (!limit.isOver) throw error;
    throw new NodeError(`The step took longer than ${seconds} s`, {
      code: "step_timeout",
      retryable: true,
      cause: error,
    });
  } finally {
    limit.release();
  }
}

function joinInputs(step: StepAttempt, slots: number[] | null): { nodeId: string; output: Json }[] {
  const { node } = step.position;
  const live = slots ?? node.predecessors.map((_, slot) => slot);
  return live.map((slot) => {
    const nodeId = step.scope.idOf(node.predecessors[slot]);
    return { nodeId, output: step.scope.get(nodeId) };
  });
}

function liveEdges(step: StepAttempt, handles: string[] | null): Set<PlanEdge> {
  const budget = new ExpressionBudget();
  return new Set(step.position.node.out.filter((edge) => step.scope.isLive(edge, handles, budget)));
}

/** A failure as it is stored; without its details when they are more than a step may keep. */
function storableError({ code, message, details }: NodeError, node: PlanNode): StepError {
  const error: StepError = { code, message: toStorable(message.slice(0, MAX_MESSAGE)) as string, node_id: node.id };
  if (details === undefined) return error;
  try {
    return { ...error, details: toStorable(details) };
  } catch {
    return error;
  }
}

function toNodeError(error: unknown, node: PlanNode, log: NodeLog): NodeError {
  if (error instanceof NodeError) return error;
  if (error instanceof ExpressionError) {
    return new NodeError(error.message, { code: "expression_invalid", cause: error });
  }
  log.error("engine.node_fault", { error, node: node.id, type: node.type });
  return new NodeError("The node failed for a reason of its own", { code: "internal", cause: error });
}

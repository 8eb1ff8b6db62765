/**
 * Runs a node once: its config resolved, its surroundings made, its time limited.
 *
 * @module
 */
import {
  type ExpressionScope,
  isObject,
  type Json,
  type JsonObject,
  type Plan,
  type PlanNode,
  resolveConfig,
} from "../graph/mod.ts";
import {
  type AnyNode,
  dryRunResult,
  getNode,
  type NodeContext,
  NodeError,
  type NodeErrorCode,
  type NodeLog,
  type NodeResult,
  pinnedResult,
  runNode,
} from "../nodes/mod.ts";
import type { Breakers, Providers } from "../providers/mod.ts";
import type { Redactor, SecretReader } from "../secrets/mod.ts";
import type { OutputStore } from "./_large_outputs.ts";
import { type SpendLedger, spendOf } from "./_step_spend.ts";
import type { CallbackPlace } from "./callback_url.ts";
import type { Position } from "./frontier.ts";
import type { StepScope } from "./step_scope.ts";
import { startTimeLimit } from "./time_limit.ts";
import type { Job, JobPayload } from "./types.ts";

/** What steps may use. */
export interface StepSurroundings {
  providers: Providers;
  log: NodeLog;
  /** Keep steps away from services that are down; without them none is. */
  breakers?: Breakers;
  /** Aborted when the lease is lost or the worker goes. */
  signal: AbortSignal;
  /** Asked before each node that only computes: true = the walk gives its token back. Absent = it never does. */
  givesUp?(): boolean;
  /** A number in [0, 1), for jitter. */
  random(): number;
  /** Keeps large outputs; without it an output may have 1 MiB. */
  values?: OutputStore;
  /** Reads the secrets that configs name; without it a step that names one fails. */
  secrets?: Pick<SecretReader, "read">;
  /** Keeps the budgets of calls that are paid by use; without it nobody counts them. */
  spend?: SpendLedger;
  /** Makes the URLs that complete waiting steps. */
  callbackUrl?(place: CallbackPlace): Promise<string>;
}

/** One attempt. */
export interface StepAttempt {
  plan: Plan;
  position: Position;
  /** From 1. */
  attempt: number;
  /** Milliseconds until the run times out. */
  remainingMs: number;
  /** The time by the database's clock: milliseconds since 1970. */
  now(): number;
  job: Job;
  scope: StepScope;
  /** The secrets that its config names, when it names any. */
  secrets?: StepSecrets;
}

/** Secrets of one attempt. */
export interface StepSecrets {
  /** By name. */
  readonly values: ReadonlyMap<string, string>;
  /** Takes them out of whatever the step gives, says or logs. */
  readonly redactor: Redactor;
}

/**
 * Runs a node, or lets what a dry run says stand in for it.
 *
 * @throws {NodeError} What the node throws; `step_timeout`; `node_config_invalid` for a type that is not there.
 * @throws {ExpressionError} The config can not be resolved.
 */
export async function executeNode(step: StepAttempt, surroundings: StepSurroundings): Promise<NodeResult> {
  const { plan, position: { node }, job, scope } = step;
  const kind = node.opens === undefined ? undefined : plan.regions[node.opens]?.kind;
  const definition = getNode(node.type);
  if (definition === undefined) {
    throw new NodeError(`There is no node type ${node.type}`, { code: "node_config_invalid" });
  }
  // A splitter gives its items and nothing else.
  const pin = kind === "splitter" ? undefined : pinOf(job, node);
  if (pin !== undefined) return givePin(pin, definition, node);
  const expressions = kind === "while" ? scope.ofLoop(step.position.payload?.again) : scope.expressions;
  const seen = withSecrets(await withCallbacks(expressions, step, surroundings), step);
  const config = resolveConfig(node.config, seen) as JsonObject;
  const run = (signal: AbortSignal) =>
    runNode(definition, config, contextOf(step, surroundings, signal, definition.joins === true));
  // What only computes is bounded in itself, and no timer would interrupt it.
  if (node.kind === "pure") return await run(surroundings.signal);
  // Nothing happens in a dry run, nobody waits, no other flow is started: what would be done is said instead.
  if (job.pins !== undefined) return dryRunResult(definition, config);
  return await withTimeLimit(step, surroundings, run);
}

async function withTimeLimit(
  { position: { node }, remainingMs }: StepAttempt,
  { signal }: StepSurroundings,
  run: (signal: AbortSignal) => Promise<NodeResult>,
): Promise<NodeResult> {
  const seconds = Math.min(node.timeoutSeconds, Math.max(0, remainingMs) / 1000);
  const limit = startTimeLimit(signal, Math.ceil(seconds * 1000));
  try {
    return await Promise.race([run(limit.signal), limit.aborted]);
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

function contextOf(
  step: StepAttempt,
  { log, providers, breakers, callbackUrl, spend }: StepSurroundings,
  signal: AbortSignal,
  joins: boolean,
): NodeContext {
  const { position: { node, payload }, job, secrets } = step;
  return {
    run: { id: job.run_id, organizationId: job.organization_id, flowId: job.flow_id, startedAt: job.started_at },
    node: { id: node.id, type: node.type, attempt: step.attempt },
    trigger: job.input,
    inputs: joins ? joinInputs(step) : [],
    idempotencyKey: [job.run_id, node.id, job.scope].filter((part) => part !== undefined && part !== "").join(":"),
    now: step.now,
    signal,
    log: secrets === undefined ? log : redactedLog(log, secrets.redactor),
    providers: breakers?.guard(providers, job.organization_id) ?? providers,
    resolution: resolutionOf(payload),
    region: payload?.close === undefined ? null : {
      total: payload.close.total,
      items: payload.close.total === 0 ? [] : job.items ?? [],
    },
    again: payload?.again === undefined ? null : { index: payload.again.index, last: payload.again.last ?? null },
    callbackUrl: () => makeUrl({ runId: job.run_id, node: node.id, scope: job.scope ?? "" }, callbackUrl),
    ...(spend !== undefined && { spend: spendOf(step, spend, log) }),
  };
}

/** What ended the wait of a token; nothing did but the time when its payload does not say. */
function resolutionOf(payload: JobPayload | undefined): NodeContext["resolution"] {
  const { wait, resolved } = payload ?? {};
  if (wait === undefined || wait.kind === "decision") return null;
  // A run is told of in full; nobody else can say `decision` here.
  const { by, data } = resolved ?? { by: "timeout", data: null };
  if (by === "decision") return null;
  const { kind, name, data: shown } = wait;
  if (kind === "run") return { by, data: data ?? null };
  return {
    by,
    data: data ?? null,
    wait: { kind, ...(name !== undefined && { name }), ...(shown !== undefined && { data: shown }) },
  };
}

/** What the expressions of a config see when it names secrets. Conditions of edges see none. */
function withSecrets(expressions: ExpressionScope, { secrets }: StepAttempt): ExpressionScope {
  if (secrets === undefined) return expressions;
  const { values, redactor } = secrets;
  const more = { secrets: values, tellSecret: (value: Json) => redactor.add(value) };
  return Object.assign(Object.create(null), expressions, more);
}

function redactedLog(log: NodeLog, redactor: Redactor): NodeLog {
  const write = (level: keyof NodeLog): NodeLog["info"] => (action, fields) =>
    log[level](action, fields === undefined ? fields : redactor.value(fields));
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

async function withCallbacks(
  expressions: ExpressionScope,
  { position: { node }, job }: StepAttempt,
  { callbackUrl }: StepSurroundings,
): Promise<ExpressionScope> {
  if (node.callbacks === undefined) return expressions;
  const callbacks: { [nodeId: string]: string } = {};
  for (const id of node.callbacks) {
    callbacks[id] = await makeUrl({ runId: job.run_id, node: id, scope: job.scope ?? "" }, callbackUrl);
  }
  return Object.assign(Object.create(null), expressions, { callbacks });
}

function makeUrl(place: CallbackPlace, make: StepSurroundings["callbackUrl"]): Promise<string> {
  if (make !== undefined) return make(place);
  throw new NodeError("Callback URLs are not set up here", { code: "internal" });
}

function joinInputs({ position: { node, slots }, scope }: StepAttempt): { nodeId: string; output: Json }[] {
  const live = slots ?? node.predecessors.map((_, slot) => slot);
  return live.map((slot) => {
    const nodeId = scope.idOf(node.predecessors[slot]);
    return { nodeId, output: scope.get(nodeId) };
  });
}

function pinOf({ pins }: Job, { id }: PlanNode): Json | undefined {
  return pins !== undefined && Object.hasOwn(pins, id) ? pins[id] : undefined;
}

/** What a dry run says a node gives: an output, or a failure as `{"$error": {code, message}}`. */
function givePin(pin: Json, definition: AnyNode, node: PlanNode): NodeResult {
  const fault = isObject(pin) ? pin["$error"] : undefined;
  if (!isObject(fault)) return pinnedResult(definition, node.config, pin);
  const { code = "provider_error", message = `${node.id} was told to fail` } = fault;
  throw new NodeError(String(message), { code: String(code) as NodeErrorCode });
}

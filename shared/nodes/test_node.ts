import { notFound } from "../errors/mod.ts";
import { ExpressionError, type ExpressionScope, type Json, type JsonObject, resolveConfig } from "../graph/mod.ts";
import { NodeError, type Providers } from "../providers/mod.ts";
import { getNode, handlesOf } from "./registry.ts";
import { runNode } from "./run_node.ts";
import type { AnyNode, NodeContext, NodeLog, NodeResult, NodeSample } from "./types.ts";

/** Seconds a test may take at most: a person waits for it. */
const MAX_SECONDS = 30;

/** Surroundings of a test. */
export interface TestNodeOptions {
  /** Services the node may use. Without them an effect fails instead of happening. */
  providers?: Providers;
  /** Whose test it is. */
  organizationId?: string;
  /** Where the node's messages go; nowhere by default. */
  log?: NodeLog;
  /** Ends the test early. */
  signal?: AbortSignal;
  /** Seconds the node may take, 30 at most and by default. */
  timeoutSeconds?: number;
  /** The present. */
  now?: Date;
  /** The URL that a node gives away to be called back at; nobody answers there by default. */
  callbackUrl?: string;
}

/** What a test of a node gives. A node that fails is a result too. */
export interface NodeTestResult {
  /** waiting = a run would not be over with the node: it waits, starts a run, or sends items into its region. */
  status: "completed" | "failed" | "waiting";
  /** The config after its expressions were resolved; null when one of them failed. */
  config: JsonObject | null;
  /** What later steps would read; null when it failed. */
  output: Json;
  /** Source handles that would be live. */
  handles: string[];
  /** How the node would end the run, null when it would not. */
  stop: NodeResult["stop"] | null;
  /** What it would wait for, null when it would not. */
  wait: NodeResult["wait"] | null;
  /** The run that it would start, null when it would not. */
  start: NodeResult["start"] | null;
  /** What it would send into its region, null when it would not. */
  open: NodeTestOpening | null;
  /** Whether it would end the loop around it. */
  break: boolean;
  /** Why it failed. */
  error: { code: string; message: string; retryable: boolean; retryAfterSeconds: number | null; details: Json } | null;
  /** Milliseconds the node took. */
  durationMs: number;
}

/** What would go through a region. */
export interface NodeTestOpening {
  /** How many items in all. */
  total: number;
  /** The first of them. */
  items: Json[];
  /** Items at once. */
  window: number;
  /** Whether the node would be asked again after them. */
  more: boolean;
}

/** Items of an opening that a test shows. */
const SHOWN_ITEMS = 20;

/**
 * Runs a node once with a config and sample data, outside any flow.
 *
 * @param type Such as `action.transform`.
 * @param config As in a graph: expressions are resolved against the sample.
 * @param sample The run's input and the outputs of earlier steps.
 * @param options Services, limits.
 * @returns What happened; expected failures are part of it.
 * @throws {AppError} `not_found` for an unknown type. Faults of the node itself pass through.
 */
export async function testNode(
  type: string,
  config: JsonObject,
  sample: NodeSample,
  options: TestNodeOptions = {},
): Promise<NodeTestResult> {
  const node = getNode(type);
  if (node === undefined) throw notFound("node type");
  const started = performance.now();
  const seconds = Math.min(options.timeoutSeconds ?? MAX_SECONDS, MAX_SECONDS);
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(timedOut(seconds)), seconds * 1000);
  const signal = options.signal === undefined ? timer.signal : AbortSignal.any([timer.signal, options.signal]);
  let resolved: JsonObject | null = null;
  try {
    resolved = resolveConfig(config, toScope(node, sample, options)) as JsonObject;
    const result = await Promise.race([
      runNode(node, resolved, toContext(node, sample, options, signal)),
      aborted(signal),
    ]);
    return { ...toResult(node, resolved, result), durationMs: since(started) };
  } catch (error) {
    return { ...toFailure(error, resolved), durationMs: since(started) };
  } finally {
    clearTimeout(timeout);
  }
}

function toResult(node: AnyNode, config: JsonObject, result: NodeResult): Omit<NodeTestResult, "durationMs"> {
  const { stop = null, wait = null, start = null, open } = result;
  const isOver = wait === null && start === null && open === undefined;
  return {
    ...NOTHING,
    status: isOver ? "completed" : "waiting",
    config,
    output: result.output,
    handles: liveHandles(node, config, result, isOver),
    stop,
    wait,
    start,
    open: open === undefined ? null : {
      total: open.items.length,
      items: open.items.slice(0, SHOWN_ITEMS),
      window: open.window,
      more: open.more ?? false,
    },
    break: result.break ?? false,
  };
}

/** Where a run would go on now: into the region, when one is opened. */
function liveHandles(node: AnyNode, config: JsonObject, { handles, stop, open }: NodeResult, isOver: boolean) {
  if (stop !== undefined || (!isOver && (open === undefined || open.items.length === 0))) return [];
  const all = handlesOf(node, config);
  return open === undefined ? handles ?? all : all.includes("body") ? ["body"] : all;
}

function toFailure(error: unknown, config: JsonObject | null): Omit<NodeTestResult, "durationMs"> {
  const known = error instanceof ExpressionError
    ? new NodeError(error.message, {
      code: "expression_invalid",
      details: { position: error.position, path: [...error.path] },
    })
    : error;
  if (!(known instanceof NodeError)) throw error;
  const { code, message, retryable, retryAfterSeconds = null, details = null } = known;
  return {
    ...NOTHING,
    status: "failed",
    config,
    error: { code, message, retryable, retryAfterSeconds, details },
  };
}

/** What a result says unless something happened. */
const NOTHING = {
  output: null,
  handles: [],
  stop: null,
  wait: null,
  start: null,
  open: null,
  break: false,
  error: null,
};

function toScope(node: AnyNode, sample: NodeSample, options: TestNodeOptions): ExpressionScope {
  const { trigger = null, steps = {}, again } = sample;
  // As in a run: a while loop looks at its condition with what the iteration before gave.
  const loop = node.region === "while"
    ? { item: again?.last ?? null, index: again === undefined ? 0 : again.index + 1 }
    : {};
  return {
    trigger,
    steps: Object.fromEntries(Object.entries(steps).map(([id, output]) => [id, { output }])),
    run: { id: "test", started_at: (options.now ?? new Date()).toISOString(), attempt: 1 },
    flow: { id: "test", name: "Test" },
    ...loop,
    ...(sample.item === undefined ? {} : { item: sample.item }),
    ...(sample.index === undefined ? {} : { index: sample.index }),
  };
}

function toContext(node: AnyNode, sample: NodeSample, options: TestNodeOptions, signal: AbortSignal): NodeContext {
  return {
    run: {
      id: "test",
      organizationId: options.organizationId ?? "test",
      flowId: "test",
      startedAt: (options.now ?? new Date()).toISOString(),
    },
    node: { id: "test", type: node.type, attempt: 1 },
    trigger: sample.trigger ?? null,
    inputs: node.joins ? Object.entries(sample.steps ?? {}).map(([nodeId, output]) => ({ nodeId, output })) : [],
    // Two tests are two intents, also for the provider.
    idempotencyKey: `test-${crypto.randomUUID()}`,
    now: () => (options.now ?? new Date()).getTime(),
    signal,
    log: options.log ?? SILENT,
    providers: options.providers ?? NO_EFFECTS,
    resolution: sample.resolution ?? null,
    region: sample.region ?? null,
    again: sample.again ?? null,
    callbackUrl: () => Promise.resolve(options.callbackUrl ?? "https://callback.invalid/test"),
  };
}

/** Rejects when the signal fires: a node that does not listen must not hold the test. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function timedOut(seconds: number): NodeError {
  return new NodeError(`The test took longer than ${seconds} s`, { code: "step_timeout", retryable: true });
}

function since(started: number): number {
  return Math.round((performance.now() - started) * 100) / 100;
}

const nothing = () => {};
const SILENT: NodeLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };

const refuse = () =>
  Promise.reject(new NodeError("This test was asked not to reach outside services", { code: "provider_error" }));
const NO_EFFECTS: Providers = { http: { request: refuse }, email: { name: "none", send: refuse } };

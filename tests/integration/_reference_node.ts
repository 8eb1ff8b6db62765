/**
 * One node for the reference interpreter: run until it gives something, as often as its policy says.
 *
 * @module
 */
import {
  ExpressionError,
  type ExpressionScope,
  type GraphNode,
  type Json,
  type JsonObject,
  resolveConfig,
} from "../../shared/graph/mod.ts";
import type { StepError } from "../../shared/engine/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import {
  getNode,
  type NodeContext,
  NodeError,
  type NodeResult,
  type NodeWait,
  type Resolution,
  runNode,
} from "../../shared/nodes/mod.ts";
import { localProviders } from "../helpers/engine.ts";
import { behaving } from "./_email_service.ts";
import type { RandomFlow } from "./_random_flow.ts";

/** What a node is given. */
export interface NodeRun {
  see: ExpressionScope;
  input: Json;
  inputs?: NodeContext["inputs"];
  region?: NodeContext["region"];
  again?: NodeContext["again"];
}

/** What came of it. */
export interface NodeEnd {
  result: NodeResult;
  /** The failure that no further attempt mends. */
  error?: StepError;
  /** Failures that were tried again. */
  retried: StepError[];
}

/** Runs a node. */
export async function runReferenceNode(
  node: GraphNode,
  name: string,
  flow: RandomFlow,
  given: NodeRun,
): Promise<NodeEnd> {
  const email = behaving(flow.behaviours[name], name);
  const retry = node.type === "communication.email" ? node.data?.retry : undefined;
  const retried: StepError[] = [];
  for (let attempt = 1;; attempt++) {
    try {
      let result = await execute(node, given, email, null);
      if (result.wait !== undefined) result = await execute(node, given, email, answerTo(node.id, result.wait));
      return { result, retried };
    } catch (error) {
      const failure = toFailure(error);
      const { code, message, details } = failure;
      const stored: StepError = { code, message, node_id: name, ...(details !== undefined && { details }) };
      const worth = retry?.retryOn === undefined ? failure.retryable : retry.retryOn.includes(code);
      if (!worth || attempt >= (retry?.maxAttempts ?? 1)) return { result: { output: null }, error: stored, retried };
      retried.push(stored);
    }
  }
}

/** What comes to those who wait. */
export function answerTo(node: string, { kind }: Pick<NodeWait, "kind">): Resolution {
  return kind === "timer" ? { by: "timeout", data: null } : { by: kind, data: { sent: node } };
}

async function execute(
  node: GraphNode,
  { see, input, inputs = [], region = null, again = null }: NodeRun,
  email: ReturnType<typeof behaving>,
  resolution: Resolution | null,
): Promise<NodeResult> {
  const definition = getNode(node.type);
  if (definition === undefined) throw new Error(`There is no node type ${node.type}`);
  const scope = node.type === "logic.loop.while"
    ? { ...see, item: again?.last ?? null, index: again === null ? 0 : again.index + 1 }
    : see;
  const config = resolveConfig(node.data?.config ?? {}, scope) as JsonObject;
  return await runNode(definition, config, {
    run: { id: "", organizationId: "", flowId: "", startedAt: "" },
    node: { id: node.id, type: node.type, attempt: 1 },
    trigger: input,
    inputs,
    idempotencyKey: "",
    signal: new AbortController().signal,
    log: createLog("reference"),
    providers: { ...localProviders(), email },
    resolution,
    region,
    again,
    now: () => Date.now(),
    callbackUrl: () => Promise.resolve(""),
  });
}

/** A failure in the engine's words. */
export function toFailure(error: unknown): NodeError {
  if (error instanceof NodeError) return error;
  if (error instanceof ExpressionError) return new NodeError(error.message, { code: "expression_invalid" });
  throw error;
}

/** A value as Postgres gives it back: the keys of its objects by length, then by bytes. */
export function asStored(value: Json): Json {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(asStored);
  const bytes = (text: string) => new TextEncoder().encode(text);
  const order = (a: string, b: string) => bytes(a).length - bytes(b).length || (a < b ? -1 : 1);
  return Object.fromEntries(Object.keys(value).toSorted(order).map((key) => [key, asStored(value[key] ?? null)]));
}

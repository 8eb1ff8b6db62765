/**
 * What a run of a flow has to give, found the simple way: the whole graph in memory, one node after the other, no
 * tokens, no checkpoints, no workers, no compiled plan. It shares with the engine what is not under test here: the
 * expressions and what a single node does.
 *
 * @module
 */
import {
  evaluateCondition,
  ExpressionBudget,
  ExpressionError,
  type ExpressionScope,
  type GraphEdge,
  type GraphNode,
  type Json,
  type JsonObject,
  resolveConfig,
} from "../../shared/graph/mod.ts";
import type { StepError } from "../../shared/engine/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { getNode, NodeError, type NodeResult, runNode } from "../../shared/nodes/mod.ts";
import type { EmailProvider } from "../../shared/providers/mod.ts";
import { localProviders } from "../helpers/engine.ts";
import type { Behaviour, RandomFlow } from "./_random_flow.ts";

/** What is recorded of a node in the end. */
export interface ExpectedStep {
  status: "completed" | "failed" | "skipped";
  output: Json;
  error: StepError | null;
  /** The failures that were tried again, in order, when no attempt is lost. */
  retried: StepError[];
}

/** One way in which the run may end. */
export interface ExpectedEnd {
  status: "completed" | "failed";
  output: Json;
  error: StepError | null;
  /** The node that ends the run, null when all that was to do is done. */
  node: string | null;
  /** False = the run may end so before everything in `steps` is done. */
  everything: boolean;
}

/** What a run has to give. */
export interface Expected {
  /** By node id: what the node records if the run gets that far. */
  steps: Map<string, ExpectedStep>;
  /** Several when branches race to end the run: whichever comes first decides. */
  ends: ExpectedEnd[];
}

/** How one node went. */
interface Outcome {
  step: ExpectedStep;
  /** The edges that are followed; null when the run ends here. */
  live: Set<GraphEdge> | null;
  end?: ExpectedEnd;
}

/** Interprets a flow. */
export async function interpret(flow: RandomFlow): Promise<Expected> {
  const nodes = reachableNodes(flow);
  const edges = flow.graph.edges.filter((edge) => nodes.has(edge.source));
  const interpreter = new Interpreter(flow, edges);
  const { answers } = interpreter;
  const expected: Expected = { steps: new Map(), ends: [] };
  const waiting = new Map(nodes);
  for (;;) {
    const node = [...waiting.values()].find(({ id }) => edges.every((edge) => edge.target !== id || answers.has(edge)));
    // Whatever still waits stands behind something that ends the run.
    if (node === undefined) break;
    waiting.delete(node.id);
    const { live, end } = isTrigger(node)
      ? interpreter.trigger(node)
      : await interpreter.step(node, edges.some((edge) => edge.target === node.id && answers.get(edge)), expected);
    if (end !== undefined) expected.ends.push(end);
    if (live === null) continue;
    for (const edge of edges) if (edge.source === node.id) answers.set(edge, live.has(edge));
  }
  if (expected.ends.length === 0) expected.ends.push(naturalEnd(expected, edges));
  return expected;
}

function isTrigger(node: GraphNode): boolean {
  return node.type.startsWith("trigger.");
}

/** The nodes that a trigger leads to; the engine leaves the others out. */
function reachableNodes({ graph }: RandomFlow): Map<string, GraphNode> {
  const nodes = new Map(graph.nodes.filter(isTrigger).map((node) => [node.id, node]));
  for (let size = -1; size !== nodes.size;) {
    size = nodes.size;
    for (const node of graph.nodes) {
      if (graph.edges.some((edge) => edge.target === node.id && nodes.has(edge.source))) nodes.set(node.id, node);
    }
  }
  return nodes;
}

/** Nothing ended the run: its output is that of its only last step. */
function naturalEnd({ steps }: Expected, edges: GraphEdge[]): ExpectedEnd {
  const last = [...steps].filter(([id, step]) =>
    step.status === "completed" && edges.every((edge) => edge.source !== id)
  );
  const output = last.length === 1 ? last[0]?.[1].output ?? null : null;
  return { status: "completed", output, error: null, node: null, everything: true };
}

class Interpreter {
  /** Of the edges whose source is done: whether they were followed. */
  readonly answers = new Map<GraphEdge, boolean>();
  readonly #flow: RandomFlow;
  readonly #edges: GraphEdge[];
  readonly #scope: ExpressionScope;
  readonly #input: Json;
  readonly #start: string | undefined;

  constructor(flow: RandomFlow, edges: GraphEdge[]) {
    this.#flow = flow;
    this.#edges = edges;
    this.#input = asStored(flow.input);
    const triggers = flow.graph.nodes.filter(isTrigger).toSorted((a, b) => a.id < b.id ? -1 : 1);
    this.#start = flow.triggerNode ?? (triggers.find(({ type }) => type === "trigger.manual") ?? triggers[0])?.id;
    this.#scope = {
      trigger: this.#input,
      steps: this.#start === undefined ? {} : { [this.#start]: { output: this.#input } },
      run: { id: "", started_at: "", attempt: 1 },
      flow: { id: "", name: "" },
    };
  }

  trigger(node: GraphNode): Pick<Outcome, "live" | "end"> {
    if (node.id !== this.#start) return { live: new Set() };
    try {
      return { live: this.#live(node, null) };
    } catch (error) {
      const { code, message } = toFailure(error);
      const end = { status: "failed" as const, output: null, error: { code, message }, node: null, everything: false };
      return { live: null, end };
    }
  }

  async step(node: GraphNode, isLive: boolean, expected: Expected): Promise<Pick<Outcome, "live" | "end">> {
    const skipped: ExpectedStep = { status: "skipped", output: null, error: null, retried: [] };
    const inputs = this.#edges.filter((edge) => edge.target === node.id);
    const { step, ...rest } = isLive ? await this.#run(node, inputs) : { step: skipped, live: new Set<GraphEdge>() };
    expected.steps.set(node.id, step);
    return rest;
  }

  async #run(node: GraphNode, inEdges: GraphEdge[]): Promise<Outcome> {
    const email = behaving(this.#flow.behaviours[node.id], node.id);
    const retry = node.type === "communication.email" ? node.data?.retry : undefined;
    const retried: StepError[] = [];
    for (let attempt = 1;; attempt++) {
      let failure: NodeError;
      try {
        const result = await this.#execute(node, inEdges, email);
        const output = asStored(result.output);
        this.#scope.steps[node.id] = { output };
        const step: ExpectedStep = { status: "completed", output, error: null, retried };
        if (result.stop !== undefined) return { step, live: null, end: stopEnd(node, output, result.stop) };
        return { step, live: this.#live(node, result.handles ?? null) };
      } catch (error) {
        failure = toFailure(error);
      }
      const { code, message, details } = failure;
      const error: StepError = { code, message, node_id: node.id, ...(details !== undefined && { details }) };
      const worth = retry?.retryOn === undefined ? failure.retryable : retry.retryOn.includes(code);
      if (!worth || attempt >= (retry?.maxAttempts ?? 1)) return this.#failed(node, error, retried);
      retried.push(error);
    }
  }

  #failed(node: GraphNode, error: StepError, retried: StepError[]): Outcome {
    const step: ExpectedStep = { status: "failed", output: null, error, retried };
    const end: ExpectedEnd = { status: "failed", output: null, error, node: node.id, everything: false };
    const onError = node.data?.onError ?? "stop";
    if (onError === "stop") return { step, live: null, end };
    const output = asStored({ error: { ...error } });
    this.#scope.steps[node.id] = { output };
    try {
      return { step: { ...step, output }, live: this.#live(node, onError === "branch" ? ["error"] : null) };
    } catch {
      return { step, live: null, end };
    }
  }

  /** The edges that are followed from a node. */
  #live(node: GraphNode, handles: string[] | null): Set<GraphEdge> {
    const first = node.type === "logic.if" ? "true" : node.type === "logic.switch" ? "low" : "out";
    return new Set(this.#edges.filter((edge) => {
      if (edge.source !== node.id) return false;
      const handle = edge.sourceHandle ?? first;
      if (handles === null ? handle === "error" : !handles.includes(handle)) return false;
      const condition = edge.data?.condition;
      return condition === undefined || evaluateCondition(condition, this.#scope, new ExpressionBudget());
    }));
  }

  async #execute(node: GraphNode, inEdges: GraphEdge[], email: EmailProvider): Promise<NodeResult> {
    const definition = getNode(node.type);
    if (definition === undefined) throw new Error(`There is no node type ${node.type}`);
    const config = resolveConfig(node.data?.config ?? {}, this.#scope) as JsonObject;
    return await runNode(definition, config, {
      run: { id: "", organizationId: "", flowId: "", startedAt: "" },
      node: { id: node.id, type: node.type, attempt: 1 },
      trigger: this.#input,
      inputs: node.type === "logic.merge" ? this.#inputs(inEdges) : [],
      idempotencyKey: "",
      signal: new AbortController().signal,
      log: createLog("reference"),
      providers: { ...localProviders(), email },
    });
  }

  /** Outputs of those that the run came from, in the order of the edges. */
  #inputs(inEdges: GraphEdge[]): { nodeId: string; output: Json }[] {
    return inEdges.filter((edge) => this.answers.get(edge)).map(({ source }) => ({
      nodeId: source,
      output: this.#scope.steps[source]?.output ?? null,
    }));
  }
}

function stopEnd(node: GraphNode, output: Json, stop: NonNullable<NodeResult["stop"]>): ExpectedEnd {
  const message = stop.message ?? "The flow stopped itself";
  const error = stop.status === "failed" ? { code: "stopped", message, node_id: node.id } : null;
  return { status: stop.status, output, error, node: node.id, everything: false };
}

function toFailure(error: unknown): NodeError {
  if (error instanceof NodeError) return error;
  if (error instanceof ExpressionError) return new NodeError(error.message, { code: "expression_invalid" });
  throw error;
}

/** An email service that does with the calls of one node what the flow says. What it gives tells what it was given. */
export function behaving(behaviour: Behaviour = { failures: 0, then: "sent" }, node: string): EmailProvider {
  let calls = 0;
  return {
    name: "test",
    send({ text, subject }) {
      if (++calls <= behaviour.failures) {
        return Promise.reject(new NodeError(`${node} is busy`, { code: "provider_error", retryable: true }));
      }
      if (behaviour.then === "sent") return Promise.resolve({ id: `${node}-${digest(`${subject}\n${text}`)}` });
      return Promise.reject(new NodeError(`${node} refuses`, { code: "provider_error", details: { node } }));
    },
  };
}

/** A short number for a text: FNV-1a. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16);
}

/** A value as Postgres gives it back: the keys of its objects by length, then by bytes. */
function asStored(value: Json): Json {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(asStored);
  const bytes = (text: string) => new TextEncoder().encode(text);
  const order = (a: string, b: string) => bytes(a).length - bytes(b).length || (a < b ? -1 : 1);
  return Object.fromEntries(Object.keys(value).toSorted(order).map((key) => [key, asStored(value[key] ?? null)]));
}

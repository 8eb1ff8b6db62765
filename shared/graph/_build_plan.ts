import type { CheckedEdge, CheckedNode } from "./_model.ts";
import { adjacencyOf, topologicalOrder } from "./_topology.ts";
import { STEP_LIMITS } from "./limits.ts";
import { PLAN_VERSION } from "./plan.ts";
import type { Plan, PlanNode, RetryPolicy } from "./types.ts";

/** One attempt; the delays count once a graph asks for more attempts. */
const NO_RETRY: RetryPolicy = {
  maxAttempts: 1,
  backoff: "exponential",
  delaySeconds: 2,
  maxDelaySeconds: 300,
  jitter: true,
};

/**
 * Makes the plan of a graph without errors. It depends on nothing but what the graph means: neither on layout nor on
 * the order of the nodes. (The order of the edges does mean something: it is the order of a join's inputs.)
 *
 * @param nodes All nodes.
 * @param edges All edges, in the order of the graph.
 * @param reachable Ordinals of the nodes that a trigger leads to; the others are left out, with their edges.
 * @param timeoutSeconds Seconds a run may take, if the graph says so.
 * @returns The plan.
 */
export function buildPlan(
  nodes: CheckedNode[],
  edges: CheckedEdge[],
  reachable: ReadonlySet<number>,
  timeoutSeconds: number | undefined,
): Plan {
  const live = edges.filter((edge) => reachable.has(edge.from.ordinal));
  const next = adjacencyOf(nodes.length, live.map(({ from, to }) => [from.ordinal, to.ordinal]));
  const order = topologicalOrder(next, (a, b) => compareText(nodes[a]?.id ?? "", nodes[b]?.id ?? ""));
  const kept = order.flatMap((ordinal) => {
    const node = nodes[ordinal];
    return node !== undefined && reachable.has(ordinal) ? [node] : [];
  });
  const indexes = new Map(kept.map((node, index) => [node.id, index]));
  const planNodes = kept.map(toPlanNode);
  for (const { from, to, handle, reading } of live) {
    const source = planNodes[indexes.get(from.id) ?? -1];
    const target = planNodes[indexes.get(to.id) ?? -1];
    if (source === undefined || target === undefined) continue;
    const condition = reading === null ? {} : { condition: reading.expression.source };
    source.out.push({ from: source.index, to: target.index, slot: target.in, handle, ...condition });
    target.predecessors.push(source.index);
    target.in++;
  }
  addReads(planNodes, kept, live);
  return {
    planVersion: PLAN_VERSION,
    nodes: planNodes,
    triggers: planNodes.filter((node) => node.kind === "trigger").map((node) => node.index),
    timeoutSeconds: timeoutSeconds ?? STEP_LIMITS.runTimeoutSeconds.usual,
  };
}

function toPlanNode(node: CheckedNode, index: number): PlanNode {
  const kind = node.facts?.kind ?? "pure";
  return {
    index,
    id: node.id,
    type: node.type,
    label: node.label,
    kind,
    config: node.config,
    in: 0,
    predecessors: [],
    out: [],
    reads: [],
    retry: kind === "trigger" ? { ...NO_RETRY } : retryOf(node),
    timeoutSeconds: node.timeoutSeconds ?? node.facts?.defaultTimeoutSeconds ?? STEP_LIMITS.timeoutSeconds.usual,
    onError: kind === "trigger" ? "stop" : node.onError,
  };
}

function retryOf(node: CheckedNode): RetryPolicy {
  const policy = { ...NO_RETRY, ...node.facts?.defaultRetry, ...node.retry };
  // Whoever sets a delay beyond the usual maximum, or a maximum below the usual delay, means it.
  return node.retry.maxDelaySeconds === undefined
    ? { ...policy, maxDelaySeconds: Math.max(policy.maxDelaySeconds, policy.delaySeconds) }
    : { ...policy, delaySeconds: Math.min(policy.delaySeconds, policy.maxDelaySeconds) };
}

/** Fills in what each node must be given to run and to decide which of its edges live. */
function addReads(planNodes: PlanNode[], kept: CheckedNode[], edges: CheckedEdge[]) {
  const reads = new Map(kept.map((node) => [node.id, new Set<string>()]));
  for (const node of kept) {
    for (const { expression } of node.readings) for (const id of expression.steps.keys()) reads.get(node.id)?.add(id);
  }
  for (const { from, reading } of edges) {
    for (const id of reading?.expression.steps.keys() ?? []) if (id !== from.id) reads.get(from.id)?.add(id);
  }
  for (const node of planNodes) {
    const ids = reads.get(node.id) ?? new Set();
    if (kept[node.index]?.facts?.joins === true) {
      for (const index of node.predecessors) ids.add(planNodes[index]?.id ?? "");
    }
    node.reads = planNodes.filter(({ id }) => ids.has(id)).map(({ id }) => id);
  }
}

/** By UTF-16 units: the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

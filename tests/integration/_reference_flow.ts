/**
 * What the reference interpreter has to know of a flow's nodes, and of failures.
 *
 * @module
 */
import type { StepError } from "../../shared/engine/mod.ts";
import type { ExpressionScope, GraphNode, Json } from "../../shared/graph/mod.ts";
import type { NodeResult } from "../../shared/nodes/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import type { ExpectedEnd } from "./_expected.ts";
import type { RandomFlow } from "./_random_flow.ts";
import { toFailure } from "./_reference_node.ts";

/** Whether a run may start at a node. */
export function isTrigger(node: GraphNode): boolean {
  return node.type.startsWith("trigger.");
}

/** Whether a merge takes what comes first. */
export function isRacing(node: GraphNode | undefined): boolean {
  return node?.type === "logic.merge" && (node.data?.config?.wait ?? "all") !== "all";
}

/** The nodes that a trigger leads to; the engine leaves the others out. */
export function reachableNodes({ graph }: RandomFlow): Map<string, GraphNode> {
  const nodes = new Map(graph.nodes.filter(isTrigger).map((node) => [node.id, node]));
  for (let size = -1; size !== nodes.size;) {
    size = nodes.size;
    for (const node of graph.nodes) {
      if (graph.edges.some((edge) => edge.target === node.id && nodes.has(edge.source))) nodes.set(node.id, node);
    }
  }
  return nodes;
}

/** The handle of an edge that names none. */
export function firstHandle(type = ""): string {
  if (type === "logic.if") return "true";
  if (type === "logic.switch") return "low";
  return type.startsWith("logic.loop.") || type === "logic.boundary" ? "done" : "out";
}

/** How many failed items a region bears. */
export function toleratedBy(closer: GraphNode, total: number): number {
  const policy = closer.type === "logic.collector" ? closer.data?.config?.policy as Json ?? "all" : "all";
  if (policy === "all_settled") return total;
  const least = typeof policy === "object" && policy !== null && !Array.isArray(policy)
    ? Number(policy.atLeast)
    : total;
  return Math.max(0, total - least);
}

/** What a step has given, null when nothing. */
export function outputOf(see: ExpressionScope, id: string): Json {
  return see.steps[id]?.output ?? null;
}

/** A failure of a node as it is stored. */
export function toStepError(error: unknown, node: GraphNode): StepError {
  const { code, message, details } = toFailure(error);
  return { code, message, node_id: node.id, ...(details !== undefined && { details }) };
}

/** How a stop node ends the run. */
export function stopEnd(
  node: GraphNode,
  key: string,
  output: Json,
  stop: NonNullable<NodeResult["stop"]>,
): ExpectedEnd {
  const message = stop.message ?? "The flow stopped itself";
  const error = stop.status === "failed" ? { code: "stopped", message, node_id: node.id } : null;
  return { status: stop.status, output, error, node: key, everything: false };
}

/** Whether it does not matter which of some failures comes first. */
export function allSame(errors: StepError[]): boolean {
  try {
    for (const error of errors) assertEquals(error, errors[0]);
    return true;
  } catch {
    return false;
  }
}

import type { Plan, PlanNode } from "../graph/mod.ts";

const known = new WeakMap<Plan, Map<number, string[]>>();

/**
 * The steps whose outputs a token at a node has to bring: those that are read by the node, or by any that the same walk
 * may run after it, and that the walk does not run itself.
 *
 * A walk goes on from node to node in memory, through effects too. It runs what every way to leads through it; where
 * another way meets, it hands an answer over, and the join begins a walk of its own.
 */
export function tokenReads(plan: Plan, node: PlanNode): string[] {
  let ofPlan = known.get(plan);
  if (ofPlan === undefined) known.set(plan, ofPlan = new Map());
  let reads = ofPlan.get(node.index);
  if (reads === undefined) ofPlan.set(node.index, reads = collect(plan, node));
  return reads;
}

function collect({ nodes }: Plan, first: PlanNode): string[] {
  const walked = new Set([first.index]);
  const reads = new Set(first.reads);
  // Topological order: whatever leads to a node has been seen before it.
  for (const node of nodes.slice(first.index + 1)) {
    if (node.in === 0 || !node.predecessors.every((index) => walked.has(index))) continue;
    walked.add(node.index);
    for (const id of node.reads) reads.add(id);
  }
  for (const index of walked) reads.delete(nodes[index]?.id ?? "");
  return [...reads];
}

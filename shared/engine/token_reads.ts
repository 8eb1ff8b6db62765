import type { Plan, PlanNode, PlanRegion } from "../graph/mod.ts";

/** What one plan's tokens read, found once. */
interface Known {
  nodes: Map<number, string[]>;
  bodies: Map<number, string[]>;
  owners: Map<number, OwnerReaders>;
}

/** Stands among what a token reads for the input of its run. */
export const READS_INPUT = "$trigger";

/** See {@linkcode ownerReaders}. */
export type OwnerReaders = "undo" | "steps" | null;

const known = new WeakMap<Plan, Known>();

/**
 * The steps whose outputs a token at a node has to bring: those that are read by the node, or by any that the same walk
 * may run after it, and that the walk does not run itself.
 *
 * A walk goes on from node to node in memory, through effects too. It runs what every way to leads through it; where
 * another way meets, it hands an answer over, and the join begins a walk of its own. It never enters a region that opens
 * on its way, but may come out at its end: when nothing goes in, or when a retried run has been through it.
 */
export function tokenReads(plan: Plan, node: PlanNode): string[] {
  const { nodes } = of(plan);
  let reads = nodes.get(node.index);
  if (reads === undefined) nodes.set(node.index, reads = collect(plan, node.region, [node], node.index + 1));
  return reads;
}

/** The steps whose outputs the tokens have to bring that begin in the body of a region. */
export function bodyReads(plan: Plan, region: PlanRegion): string[] {
  const { bodies } = of(plan);
  let reads = bodies.get(region.index);
  const owner = plan.nodes[region.owner];
  if (reads === undefined && owner !== undefined) {
    // The conditions of the edges into the body are evaluated there; what the owner itself reads stays outside.
    bodies.set(region.index, reads = collect(plan, region.index, [{ ...owner, reads: owner.bodyReads ?? [] }], 0));
  }
  return reads ?? [];
}

/**
 * Who inside a region reads which item it is in: `undo` = what undoes a step does, so that it has to be known even when
 * the item is over; `steps` = others only; null = nobody.
 */
export function ownerReaders(plan: Plan, region: PlanRegion): OwnerReaders {
  const { owners } = of(plan);
  let readers = owners.get(region.index);
  if (readers === undefined) {
    const id = plan.nodes[region.owner]?.id ?? "";
    const inside = plan.nodes.filter((node) => isInside(plan, node.region, region.index));
    readers = inside.some(({ undo }) => undo?.reads.includes(id))
      ? "undo"
      : inside.some(({ reads }) => reads.includes(id))
      ? "steps"
      : null;
    owners.set(region.index, readers);
  }
  return readers;
}

function of(plan: Plan): Known {
  let ofPlan = known.get(plan);
  if (ofPlan === undefined) known.set(plan, ofPlan = { nodes: new Map(), bodies: new Map(), owners: new Map() });
  return ofPlan;
}

function isInside(plan: Plan, region: number | null, outer: number): boolean {
  for (let at = region; at !== null; at = plan.regions[at]?.parent ?? null) if (at === outer) return true;
  return false;
}

/** What a walk reads that begins with some nodes done and goes on, in one region, over the nodes from a place on. */
function collect(plan: Plan, region: number | null, first: PlanNode[], from: number): string[] {
  const walked = new Set(first.map((node) => node.index));
  const reads = new Set(first.flatMap((node) => node.reads));
  // Topological order: whatever leads to a node has been seen before it.
  for (const node of plan.nodes.slice(from)) {
    if (node.region !== region || walked.has(node.index) || !isReached(plan, node, walked)) continue;
    walked.add(node.index);
    for (const id of node.reads) reads.add(id);
  }
  for (const index of walked) reads.delete(plan.nodes[index]?.id ?? "");
  return withInput(plan, reads);
}

/** What a trigger gives is the input of the run: no step, and worth sending only to those who read it. */
function withInput(plan: Plan, reads: Set<string>): string[] {
  const triggers = plan.triggers.map((index) => plan.nodes[index]?.id ?? "").filter((id) => reads.delete(id));
  return triggers.length > 0 ? [...reads, READS_INPUT] : [...reads];
}

function isReached(plan: Plan, node: PlanNode, walked: ReadonlySet<number>): boolean {
  if (node.closes !== undefined) return walked.has(plan.regions[node.closes]?.owner ?? -1);
  return node.in > 0 && node.predecessors.every((index) => walked.has(index));
}

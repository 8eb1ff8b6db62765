import { entersBody } from "./_regions.ts";
import type { Plan, PlanEdge, PlanNode, PlanRegion } from "./plan_types.ts";

/**
 * Checks what the engine relies on: indexes that fit, edges that lead forward, slots that are each filled once, regions
 * that nest and are entered and left at their ends only.
 *
 * @param plan A plan whose parts have the right shape.
 * @returns What is wrong; null when nothing is.
 */
export function findFault(plan: Plan): string | null {
  return findNodeFault(plan) ?? findRegionFault(plan) ?? findEdgeFault(plan) ?? findTriggerFault(plan);
}

function findNodeFault({ nodes, regions }: Plan): string | null {
  const ids = new Set(nodes.map((node) => node.id));
  if (ids.size < nodes.length) return "Two nodes have the same id";
  for (const [place, node] of nodes.entries()) {
    if (node.index !== place) return `Node ${node.id} has another index than its place`;
    if (node.in !== node.predecessors.length) return `Node ${node.id} counts its in-edges wrongly`;
    if (node.need !== undefined && node.need > node.in) return `Node ${node.id} needs more than its in-edges`;
    const named = [...node.reads, ...node.callbacks ?? [], ...node.undo?.reads ?? []];
    if (named.some((id) => !ids.has(id))) return `Node ${node.id} reads a step that is not there`;
    if (node.region !== null && !isInside(place, regions[node.region])) {
      return `Node ${node.id} does not stand between the ends of its region`;
    }
    if (node.opens !== undefined && regions[node.opens]?.owner !== place) {
      return `Node ${node.id} opens a region of another`;
    }
    const closed = node.closes === undefined ? undefined : regions[node.closes];
    if (node.closes !== undefined && (closed?.closer !== place || closed.kind !== "splitter" || node.in > 0)) {
      return `Node ${node.id} closes a region of another`;
    }
  }
  return null;
}

function isInside(place: number, region: PlanRegion | undefined): boolean {
  return region !== undefined && region.owner < place && (region.kind !== "splitter" || place < region.closer);
}

function findRegionFault({ nodes, regions }: Plan): string | null {
  for (const [place, region] of regions.entries()) {
    if (region.index !== place) return `Region ${place} has another index than its place`;
    if (region.parent !== null && region.parent >= place) return `Region ${place} stands before the one around it`;
    const owner = nodes[region.owner];
    const closer = nodes[region.closer];
    if (owner?.opens !== place || owner.region !== region.parent) return `Region ${place} is not opened by its owner`;
    const closed = region.kind === "splitter" ? closer?.closes === place : closer === owner;
    if (!closed || closer?.region !== region.parent) return `Region ${place} is not closed by its closer`;
  }
  return null;
}

function findEdgeFault({ nodes, regions }: Plan): string | null {
  const slots = nodes.map((node) => new Array<boolean>(node.predecessors.length).fill(false));
  const exits = regions.map((region) => new Array<boolean>(Math.min(region.exits, 1e6)).fill(false));
  for (const node of nodes) {
    for (const edge of node.out) {
      const fault = findPlaceFault(edge, node, nodes, regions);
      if (fault !== null) return `An edge of ${node.id} ${fault}`;
      const filled = edge.exit === true ? exits[innerOf(edge, node) ?? -1] : slots[edge.to];
      if (filled?.[edge.slot] !== false) return `An edge of ${node.id} leads into no slot, or one that is taken`;
      filled[edge.slot] = true;
    }
  }
  const open = slots.findIndex((list) => list.includes(false));
  if (open >= 0) return `Node ${nodes[open]?.id} waits for an edge that is not there`;
  const missing = exits.findIndex((list, place) => list.includes(false) || list.length !== regions[place]?.exits);
  return missing >= 0 ? `Region ${missing} counts its exits wrongly` : null;
}

function findPlaceFault(edge: PlanEdge, node: PlanNode, nodes: PlanNode[], regions: PlanRegion[]): string | null {
  if (edge.from !== node.index) return "leaves from another node";
  const opened = node.opens === undefined ? undefined : regions[node.opens];
  if ((edge.body === true) !== entersBody(opened?.kind, edge.handle)) return "is wrong about leading into a body";
  const inner = innerOf(edge, node);
  const target = nodes[edge.to];
  if (edge.exit === true) {
    return inner !== null && regions[inner]?.closer === edge.to ? null : "leaves its region elsewhere than at its end";
  }
  if (edge.to <= node.index) return "does not lead forward";
  if (target?.region !== inner || target.closes !== undefined) return "leads into another region";
  return target.predecessors[edge.slot] === node.index ? null : "leads into no slot of its own";
}

/** The region that an edge runs in. */
function innerOf(edge: PlanEdge, node: PlanNode): number | null {
  return (edge.body === true ? node.opens : node.region) ?? null;
}

function findTriggerFault({ nodes, triggers }: Plan): string | null {
  const starts = nodes.filter((node) => node.kind === "trigger").map((node) => node.index);
  return starts.join() === triggers.join() ? null : "The triggers are not those of the nodes";
}

import type { CheckedEdge, CheckedNode, Regions } from "./_model.ts";
import { entersBody, ERROR_HANDLE, leadsIntoBody } from "./_regions.ts";
import { adjacencyOf, topologicalOrder } from "./_topology.ts";
import type { PlanNode, PlanRegion } from "./plan_types.ts";

/** What the order of a plan hangs on. */
interface Ordered {
  nodes: CheckedNode[];
  /** The edges between nodes that a trigger leads to. */
  edges: CheckedEdge[];
  regions: Regions;
  reachable: ReadonlySet<number>;
}

/**
 * Puts the nodes of a plan in order: along the edges, and every body behind its owner and before its collector and
 * before whatever follows its loop or boundary.
 *
 * @returns The nodes that a trigger leads to.
 */
export function planOrder({ nodes, edges, regions, reachable }: Ordered): CheckedNode[] {
  const pairs: (readonly [number, number])[] = [];
  // The end of each body is a point of its own: from every node inside, to every node behind.
  const opened = [...regions.opened.values()];
  const ends = new Map(opened.map((region, place) => [region, nodes.length + place]));
  for (const [region, end] of ends) {
    pairs.push([region.owner.ordinal, end]);
    for (const member of region.members) pairs.push([member.ordinal, end]);
    const outer = region.parent === null ? undefined : ends.get(region.parent);
    if (outer !== undefined) pairs.push([end, outer]);
    for (const collector of region.collectors) pairs.push([end, collector.ordinal]);
  }
  for (const edge of edges) {
    if (regions.back.has(edge)) continue;
    const { from, to } = edge;
    pairs.push([from.ordinal, to.ordinal]);
    const own = regions.opened.get(from.ordinal);
    const end = own === undefined || own.kind === "splitter" || leadsIntoBody(edge) ? undefined : ends.get(own);
    if (end !== undefined) pairs.push([end, to.ordinal]);
  }
  const idOf = (ordinal: number) => nodes[ordinal]?.id ?? "";
  const next = adjacencyOf(nodes.length + ends.size, pairs);
  return topologicalOrder(next, (a, b) => compareText(idOf(a), idOf(b))).flatMap((ordinal) => {
    const node = nodes[ordinal];
    return node !== undefined && reachable.has(ordinal) ? [node] : [];
  });
}

/**
 * Gives the bodies of loops and boundaries that have no exit drawn an exit at each of their ends: at every node from
 * which nothing leads on when it succeeds. What ends the loop or the run is no exit.
 *
 * @param nodes The plan's nodes; their edges are complete.
 * @param regions The plan's regions; their exits are counted.
 * @param sources The nodes that they were made of, in the same order.
 */
export function addImpliedExits(nodes: PlanNode[], regions: PlanRegion[], sources: CheckedNode[]) {
  const implied = new Set(regions.filter(({ kind, exits }) => kind !== "splitter" && exits === 0));
  for (const node of nodes) {
    const region = node.region === null ? undefined : regions[node.region];
    if (region === undefined || !implied.has(region)) continue;
    for (const handle of endsOf(node, regions, sources[node.index])) {
      node.out.push({ from: node.index, to: region.closer, slot: region.exits, handle, exit: true });
      region.exits++;
    }
  }
}

/** The handles of a node that would lead on if anything followed; none when something does. */
function endsOf(node: PlanNode, regions: PlanRegion[], source: CheckedNode | undefined): string[] {
  if (source === undefined || source.facts?.terminal === true || source.facts?.breaks === true) return [];
  const owned = node.opens === undefined ? undefined : regions[node.opens]?.kind;
  // What a splitter gives comes out of its collector.
  if (owned === "splitter") return [];
  const leadsOn = (handle: string) => handle !== ERROR_HANDLE && !entersBody(owned, handle);
  if (node.out.some(({ handle }) => leadsOn(handle))) return [];
  return [...new Set(source.handles ?? ["out"])].filter(leadsOn);
}

/** By UTF-16 units: the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import { checkReadings, type Knowledge } from "./_check_readings.ts";
import { checkRegions } from "./_check_regions.ts";
import type { CheckedEdge, CheckedNode, Regions } from "./_model.ts";
import { assignRegions } from "./_regions.ts";
import { adjacencyOf, Ancestry, findCycles, reachableFrom } from "./_topology.ts";
import { formatPath, type Problems, quote } from "./problems.ts";

/** Nodes named in a message about a circle. */
const MOST_NAMES = 12;

/** What the shape of a graph says about its nodes. */
export interface Shape {
  /** Ordinals of the nodes that a trigger leads to. */
  reachable: Set<number>;
  regions: Regions;
}

/**
 * Checks the graph as a whole: that something starts it, that its regions are entered and left properly, that it has
 * no circles, that every node can be reached, and that every expression reads only what ran before.
 *
 * @param nodes The nodes; `ordinal` is their index here.
 * @param edges The edges that join them.
 * @param known Whether no node or edge had to be left out, and the names of the secrets that exist.
 * @param problems Gets what is wrong.
 * @returns What a trigger leads to, and in which region each node lives.
 */
export function checkShape(
  nodes: CheckedNode[],
  edges: CheckedEdge[],
  { complete, secrets }: Pick<Knowledge, "complete" | "secrets">,
  problems: Problems,
): Shape {
  const triggers = nodes.filter((node) => node.isTrigger).map((node) => node.ordinal);
  // Without a trigger, regions are checked from wherever the edges begin.
  const starts = triggers.length > 0 || !complete ? triggers : withoutInput(nodes, edges);
  const regions = assignRegions(nodes, edges, { starts, problems });
  const forward = edges.filter((edge) => !regions.back.has(edge));
  const next = adjacencyOf(nodes.length, forward.map(({ from, to }) => [from.ordinal, to.ordinal]));
  checkRegions(regions, { nodes, next, complete, problems });
  const reachable = reachableFrom(triggers, next);
  for (const cycle of findCycles(next)) reportCycle(cycle.map((ordinal) => nodes[ordinal]), problems);
  if (triggers.length === 0 && complete) {
    problems.add("no_trigger", "Nothing starts this flow: add a trigger", { path: "nodes" });
  }
  // Without a trigger nothing can be reached; and what a lost node led to cannot be known.
  if (triggers.length > 0 && complete) reportUnreachable(nodes, reachable, problems);
  checkOpenHandles(nodes, edges, problems);
  if (triggers.length > 0 && complete) checkNeeds(nodes, forward, { reachable, regions }, problems);
  checkReadings(nodes, edges, {
    byId: new Map(nodes.map((node) => [node.id, node])),
    ancestry: new Ancestry(next),
    regions,
    reachable: triggers.length > 0 ? reachable : null,
    complete,
    secrets,
  }, problems);
  return { reachable, regions };
}

function withoutInput(nodes: CheckedNode[], edges: CheckedEdge[]): number[] {
  const targets = new Set(edges.map(({ to }) => to));
  return nodes.filter((node) => !targets.has(node)).map((node) => node.ordinal);
}

function reportCycle(cycle: (CheckedNode | undefined)[], problems: Problems) {
  const ids = cycle.flatMap((node) => node === undefined ? [] : [node.id]);
  const [first] = cycle;
  const names = ids.length > MOST_NAMES ? [...ids.slice(0, MOST_NAMES), "…"] : ids;
  problems.add("cycle", `These nodes lead in a circle: ${[...names, ids[0]].join(" → ")}`, {
    path: formatPath(first?.path ?? []),
    ...(first === undefined ? {} : { node_id: first.id }),
  });
}

function reportUnreachable(nodes: CheckedNode[], reachable: ReadonlySet<number>, problems: Problems) {
  for (const node of nodes) {
    if (reachable.has(node.ordinal)) continue;
    const message = `No trigger leads to ${quote(node.id)}: it never runs`;
    problems.add("unreachable_node", message, { path: formatPath(node.path), node_id: node.id });
  }
}

/** A join that waits for more answers than can come would never run. */
function checkNeeds(nodes: CheckedNode[], edges: CheckedEdge[], { reachable, regions }: Shape, problems: Problems) {
  const counts = nodes.map(() => 0);
  for (const edge of edges) {
    const { from, to } = edge;
    if (!regions.exits.has(edge) && reachable.has(from.ordinal)) counts[to.ordinal] = (counts[to.ordinal] ?? 0) + 1;
  }
  for (const node of nodes) {
    const count = counts[node.ordinal] ?? 0;
    if (node.need === null || node.need <= count || !reachable.has(node.ordinal)) continue;
    const message = `${quote(node.id)} waits for ${node.need} branches, but ${count} ${
      count === 1 ? "leads" : "lead"
    } into it`;
    problems.add("need_too_high", message, { path: formatPath(node.path), node_id: node.id });
  }
}

/** Warns of handles that were surely meant to lead somewhere. */
function checkOpenHandles(nodes: CheckedNode[], edges: CheckedEdge[], problems: Problems) {
  const used = nodes.map(() => new Set<string>());
  for (const edge of edges) used[edge.from.ordinal]?.add(edge.handle);
  for (const node of nodes) {
    const handles = used[node.ordinal] ?? new Set();
    const place = { path: formatPath(node.path), node_id: node.id };
    if (handles.size > 0 && node.handles?.includes("default") && !handles.has("default")) {
      problems.add("missing_default", `What fits no case of ${quote(node.id)} goes nowhere`, place);
    }
    if (node.onError === "branch" && node.handles?.includes("error") && !handles.has("error")) {
      problems.add("missing_error_branch", `Errors of ${quote(node.id)} go nowhere: join its handle error`, place);
    }
  }
}

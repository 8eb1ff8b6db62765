import type { CheckedEdge, CheckedNode, Reading } from "./_model.ts";
import { adjacencyOf, Ancestry, findCycles, reachableFrom } from "./_topology.ts";
import { nearest } from "./expressions/mod.ts";
import { formatPath, type Problems, quote } from "./problems.ts";

/** Nodes named in a message about a circle. */
const MOST_NAMES = 12;

/**
 * Checks the graph as a whole: that something starts it, that it has no circles, that every node can be reached, and
 * that every expression reads only what ran before.
 *
 * @param nodes The nodes; `ordinal` is their index here.
 * @param edges The edges that join them.
 * @param complete Whether no node or edge had to be left out.
 * @param problems Gets what is wrong.
 * @returns The ordinals of the nodes that a trigger leads to.
 */
export function checkShape(
  nodes: CheckedNode[],
  edges: CheckedEdge[],
  complete: boolean,
  problems: Problems,
): Set<number> {
  const next = adjacencyOf(nodes.length, edges.map(({ from, to }) => [from.ordinal, to.ordinal]));
  const triggers = nodes.filter((node) => node.isTrigger).map((node) => node.ordinal);
  const reachable = reachableFrom(triggers, next);
  for (const cycle of findCycles(next)) reportCycle(cycle.map((ordinal) => nodes[ordinal]), problems);
  if (triggers.length === 0 && complete) {
    problems.add("no_trigger", "Nothing starts this flow: add a trigger", { path: "nodes" });
  }
  // Without a trigger nothing can be reached; and what a lost node led to cannot be known.
  if (triggers.length > 0 && complete) reportUnreachable(nodes, reachable, problems);
  checkOpenHandles(nodes, edges, problems);
  checkReadings(nodes, edges, {
    byId: new Map(nodes.map((node) => [node.id, node])),
    ancestry: new Ancestry(next),
    reachable: triggers.length > 0 ? reachable : null,
    complete,
  }, problems);
  return reachable;
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

/** What is known about the graph when readings are checked. */
interface Knowledge {
  byId: ReadonlyMap<string, CheckedNode>;
  ancestry: Ancestry;
  /** Null when nothing is reachable because there is no trigger. */
  reachable: ReadonlySet<number> | null;
  complete: boolean;
}

/** Where a reading stands: in the config of a node, or on an edge that leaves from it. */
interface Reader {
  node: CheckedNode;
  edgeId: string | null;
}

function checkReadings(nodes: CheckedNode[], edges: CheckedEdge[], knowledge: Knowledge, problems: Problems) {
  for (const node of nodes) {
    for (const reading of node.readings) checkReading(reading, { node, edgeId: null }, knowledge, problems);
  }
  for (const { from, id, reading } of edges) {
    if (reading !== null) checkReading(reading, { node: from, edgeId: id }, knowledge, problems);
  }
}

function checkReading(reading: Reading, { node, edgeId }: Reader, knowledge: Knowledge, problems: Problems) {
  const owner = edgeId === null ? { node_id: node.id } : { edge_id: edgeId };
  for (const [id, position] of reading.expression.steps) {
    const place = { path: formatPath(reading.path), ...owner, position };
    const read = knowledge.byId.get(id);
    if (read === node) {
      // When its edges are decided, a node has run.
      if (edgeId === null) problems.add("not_an_ancestor", `${quote(id)} cannot read its own output`, place);
      continue;
    }
    // What could not be read of the graph may hold the step, or the edges that lead from it.
    if (!knowledge.complete) continue;
    const fault = read === undefined ? unknownStep(id, knowledge) : orderFault(read, node, knowledge);
    if (fault !== null) problems.add(read === undefined ? "unknown_reference" : "not_an_ancestor", fault, place);
  }
}

function unknownStep(id: string, { byId }: Knowledge): string {
  const similar = nearest(id, [...byId.keys()]);
  return `There is no step ${quote(id)}${similar === null ? "" : `; did you mean ${similar}?`}`;
}

/** Why a step has no output when another runs; null when it has. */
function orderFault(read: CheckedNode, reader: CheckedNode, { ancestry, reachable }: Knowledge): string | null {
  if (!ancestry.leads(read.ordinal, reader.ordinal)) {
    return `${quote(read.id)} does not run before ${quote(reader.id)}: no edges lead from it to there`;
  }
  const neverRuns = reachable?.has(reader.ordinal) === true && !reachable.has(read.ordinal);
  return neverRuns ? `${quote(read.id)} never runs: no trigger leads to it` : null;
}

import { reportExpression } from "./_check_config.ts";
import type { CheckedEdge, CheckedNode, Reading } from "./_model.ts";
import type { SourceEdge } from "./_read_graph.ts";
import { parseCondition } from "./expressions/mod.ts";
import { formatPath, type Problems, quote } from "./problems.ts";

/** What edges are checked against. */
export interface EdgeContext {
  nodes: CheckedNode[];
  /** Ids that edges may name without a node in `nodes`: of nodes that could not be read. */
  complete: boolean;
  problems: Problems;
}

/**
 * Checks every edge by itself and against the others: its ends, handles and condition.
 *
 * @param edges As they were read.
 * @param context The nodes, and where problems go.
 * @returns The edges that join two different nodes.
 */
export function checkEdges(edges: SourceEdge[], { nodes, complete, problems }: EdgeContext): CheckedEdge[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const first = new Map<string, SourceEdge>();
  const sound: CheckedEdge[] = [];
  for (const edge of edges) {
    const place = { path: formatPath([...edge.path, "id"]), edge_id: edge.id };
    const twin = first.get(edge.id);
    if (twin === undefined) first.set(edge.id, edge);
    else problems.add("duplicate_edge_id", `The id ${quote(edge.id)} belongs to ${formatPath(twin.path)} too`, place);
    const reading = readCondition(edge, problems);
    const ends = (["source", "target"] as const).map((end) => findEnd(edge, end, byId, complete, problems));
    const [from, to] = ends;
    if (from === undefined || to === undefined) continue;
    if (from === to) {
      problems.add("self_edge", `Cannot join ${quote(from.id)} to itself`, {
        path: formatPath(edge.path),
        edge_id: edge.id,
        node_id: from.id,
      });
      continue;
    }
    sound.push({ ...edge, from, to, reading, handle: checkHandle(edge, from, problems) });
    checkTarget(edge, to, problems);
  }
  checkDuplicates(sound, problems);
  return sound;
}

function findEnd(
  edge: SourceEdge,
  end: "source" | "target",
  byId: ReadonlyMap<string, CheckedNode>,
  complete: boolean,
  problems: Problems,
): CheckedNode | undefined {
  const node = byId.get(edge[end]);
  // When a node could not be read, an edge to nowhere may be meant for it.
  if (node === undefined && complete) {
    problems.add("dangling_edge", `There is no node ${quote(edge[end])}`, {
      path: formatPath([...edge.path, end]),
      edge_id: edge.id,
    });
  }
  return node;
}

function checkHandle(edge: SourceEdge, from: CheckedNode, problems: Problems): string {
  const place = { path: formatPath([...edge.path, "sourceHandle"]), edge_id: edge.id, node_id: from.id };
  if (from.facts?.terminal === true) {
    const ends = from.facts.breaks === true ? "loop" : "run";
    problems.add("stop_has_output", `Nothing can follow ${quote(from.id)}: it ends the ${ends}`, place);
    return "";
  }
  if (from.handles === null) return edge.sourceHandle ?? "";
  const handle = edge.sourceHandle ?? from.handles[0];
  if (handle !== undefined && from.handles.includes(handle)) return handle;
  const hint = edge.sourceHandle === "error" ? '; set onError to "branch" to get one' : "";
  const message = `${quote(from.id)} has no handle ${quote(handle ?? "")}${hint}; it has ${from.handles.join(", ")}`;
  problems.add("unknown_handle", message, place);
  return "";
}

function checkTarget(edge: SourceEdge, to: CheckedNode, problems: Problems) {
  if (!to.isTrigger) return;
  const place = { path: formatPath([...edge.path, "target"]), edge_id: edge.id, node_id: to.id };
  problems.add("trigger_has_input", `Nothing can lead into ${quote(to.id)}: it starts the run`, place);
}

function checkDuplicates(edges: CheckedEdge[], problems: Problems) {
  const first = new Map<string, CheckedEdge>();
  for (const edge of edges) {
    const key = JSON.stringify([edge.source, edge.handle, edge.target, edge.targetHandle]);
    const twin = first.get(key);
    if (twin === undefined) {
      first.set(key, edge);
      continue;
    }
    const message = `${quote(edge.source)} and ${quote(edge.target)} are joined by ${quote(twin.id)} already; ` +
      "put several conditions into one with ||";
    problems.add("duplicate_edge", message, { path: formatPath(edge.path), edge_id: edge.id });
  }
}

function readCondition(edge: SourceEdge, problems: Problems): Reading | null {
  if (edge.condition === null) return null;
  const path = [...edge.path, "data", "condition"];
  try {
    return { path, expression: parseCondition(edge.condition) };
  } catch (error) {
    reportExpression(error, { path: formatPath(path), edge_id: edge.id }, problems);
    return null;
  }
}

import type { Json, JsonObject } from "../../shared/graph/mod.ts";

/** Another flow that a graph names. */
export interface FlowReference {
  /** In lower case. */
  readonly id: string;
  /** The node that names it; null = the settings do. */
  readonly nodeId: string | null;
  /** Where, from the graph. */
  readonly path: string;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a value is a UUID in its usual spelling. */
export function isUuid(value: unknown): value is string {
  return typeof value === "string" && UUID.test(value);
}

/**
 * The flows that a graph names: in its sub-flow nodes, in what undoes a node, and as its error flow. Ids that an
 * expression gives are known in a run only.
 *
 * @param graph Any JSON object.
 */
export function findReferences(graph: JsonObject): FlowReference[] {
  const found: FlowReference[] = [];
  const add = (id: Json | undefined, nodeId: string | null, path: string) => {
    if (isUuid(id)) found.push({ id: id.toLowerCase(), nodeId, path });
  };
  for (const [index, node] of listOf(graph["nodes"]).entries()) {
    const nodeId = typeof node["id"] === "string" ? node["id"] : null;
    const data = objectOf(node["data"]);
    add(objectOf(data["config"])["flowId"], nodeId, `nodes[${index}].data.config.flowId`);
    add(objectOf(objectOf(data["undo"])["config"])["flowId"], nodeId, `nodes[${index}].data.undo.config.flowId`);
  }
  add(objectOf(graph["settings"])["errorFlowId"], null, "settings.errorFlowId");
  return found;
}

/**
 * A graph that names other flows.
 *
 * @param graph Any JSON. Not changed.
 * @param ids Id in lower case → id instead of it, wherever a text is exactly that id.
 */
export function replaceIds<T extends Json>(graph: T, ids: ReadonlyMap<string, string>): T {
  if (ids.size === 0) return graph;
  const visit = (value: Json): Json => {
    if (typeof value === "string") return isUuid(value) ? ids.get(value.toLowerCase()) ?? value : value;
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item)]));
  };
  return visit(graph) as T;
}

/** The objects of a list; empty for anything else. */
export function listOf(value: Json | undefined): JsonObject[] {
  // Places are kept: what is no object counts as an empty one.
  return Array.isArray(value) ? value.map(objectOf) : [];
}

/** An object as it is; an empty one for anything else. */
export function objectOf(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

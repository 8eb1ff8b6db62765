import type { Json, JsonObject } from "./types.ts";

/** What means something in the `data` of a node. */
export const NODE_DATA = ["label", "config", "retry", "timeoutSeconds", "onError", "undo", "delivery"];
/** What means something in the `settings` of a graph. */
export const SETTINGS = [
  "timeoutSeconds",
  "errorFlowId",
  "maxConcurrentRuns",
  "concurrencyKey",
  "maxPerKey",
  "whenFull",
  "compensateOnCancel",
];

/**
 * Takes the layout out of a graph: what is left decides the plan. It is what a content hash is taken over, what tells a
 * real change from a move on the canvas, and what versions are compared by. Nodes come sorted by id, keys sorted;
 * edges keep their order, because it is the order of a join's inputs.
 *
 * @param graph A graph as parsed JSON, valid or not: what is malformed is kept as it is, so that its changes are seen.
 * @returns The canonical form. The same graph, drawn otherwise, gives the same.
 */
export function semanticGraph(graph: unknown): JsonObject {
  const source = asObject(graph as Json) ?? { malformed: graph as Json };
  const result: JsonObject = {};
  if (source["malformed"] !== undefined) result["malformed"] = canonical(source["malformed"]);
  result["edges"] = mapList(source["edges"], semanticEdge);
  result["nodes"] = sortById(mapList(source["nodes"], semanticNode));
  const settings = semanticSettings(asObject(source["settings"]) ?? {});
  if (Object.keys(settings).length > 0) result["settings"] = settings;
  return result;
}

/** The settings that mean something, canonical. */
export function semanticSettings(settings: JsonObject): JsonObject {
  return chosen(settings, SETTINGS);
}

/** What of a node means something, canonical. */
export function semanticNode(node: JsonObject): JsonObject {
  const data = asObject(node["data"]) ?? {};
  return compact({ data: chosen(data, NODE_DATA), id: node["id"], type: node["type"] });
}

/** What of an edge means something, canonical. */
export function semanticEdge(edge: JsonObject): JsonObject {
  const { id, source, target } = edge;
  const condition = asObject(edge["data"])?.["condition"];
  return compact({
    data: typeof condition === "string" && condition.trim() === "" ? {} : compact({ condition }),
    id,
    source,
    // Absent, null and empty all mean the first handle.
    sourceHandle: edge["sourceHandle"] === "" ? undefined : edge["sourceHandle"],
    target,
    targetHandle: edge["targetHandle"] === "" ? undefined : edge["targetHandle"],
  });
}

function mapList(value: Json | undefined, map: (item: JsonObject) => JsonObject): Json {
  if (!Array.isArray(value)) return value === undefined ? [] : canonical(value);
  return value.map((item) => {
    const object = asObject(item);
    return object === null ? canonical(item) : map(object);
  });
}

function sortById(value: Json): Json {
  if (!Array.isArray(value)) return value;
  const idOf = (item: Json) => String(asObject(item)?.["id"] ?? "");
  return value.toSorted((a, b) => idOf(a) < idOf(b) ? -1 : idOf(a) > idOf(b) ? 1 : 0);
}

function chosen(source: JsonObject, keys: string[]): JsonObject {
  return compact(Object.fromEntries(keys.map((key) => [key, source[key]])));
}

/** Leaves out what says nothing: absent, null, and empty objects. */
function compact(source: { [key: string]: Json | undefined }): JsonObject {
  const result: JsonObject = {};
  for (const key of Object.keys(source).sort()) {
    const value = canonical(source[key] ?? null);
    const object = asObject(value);
    if (value === null || (object !== null && Object.keys(object).length === 0)) continue;
    result[key] = value;
  }
  return result;
}

/** The same value with its keys sorted. */
function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map(canonical);
  const object = asObject(value);
  if (object === null) return value;
  const result: JsonObject = {};
  for (const key of Object.keys(object).sort()) if (key !== "__proto__") result[key] = canonical(object[key] ?? null);
  return result;
}

function asObject(value: Json | undefined): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
}

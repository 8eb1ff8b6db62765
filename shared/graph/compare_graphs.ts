import { Differ, type ValueChange } from "./_diff_values.ts";
import { isObject } from "./json.ts";
import { NODE_DATA, semanticEdge, semanticNode, semanticSettings, SETTINGS } from "./semantic_graph.ts";
import type { Json, JsonObject } from "./types.ts";

/** Changes that are listed; of more, the rest is counted. */
const MOST_CHANGES = 2000;
/** Levels of nesting that are compared: twice what a graph may have. What lies deeper is not looked at. */
const DEPTH = 128;

export type { ValueChange } from "./_diff_values.ts";

/** A node or edge that is in both graphs and not the same. */
export interface ItemChange {
  id: string;
  changes: ValueChange[];
  /** Whether only its looks changed. */
  layoutOnly: boolean;
}

/** How the nodes, or the edges, of two graphs differ. */
export interface ItemsComparison {
  /** Ids, in the order of the graph. */
  added: string[];
  removed: string[];
  changed: ItemChange[];
}

/** How two graphs differ. */
export interface GraphComparison {
  nodes: ItemsComparison;
  /** `reordered`: edges that are in both come in another order, which is the order of a join's inputs. */
  edges: ItemsComparison & { reordered: boolean };
  settings: ValueChange[];
  /** Whether both mean the same: at most their looks differ. */
  layoutOnly: boolean;
  /** Changes beyond those listed. */
  unlisted: number;
}

/**
 * Says how two versions of a graph differ: what was added, removed and changed, with the path and both values of each
 * change, and whether it changes what a run does. Nodes and edges are matched by id.
 *
 * @param before A graph as parsed JSON, valid or not.
 * @param after Another.
 * @returns The differences; values longer than 2000 characters are cut. Never throws for JSON.
 */
export function compareGraphs(before: unknown, after: unknown): GraphComparison {
  const [a, b] = [toGraph(before), toGraph(after)];
  const differ = new Differ(MOST_CHANGES);
  const nodes = compareItems(a["nodes"], b["nodes"], { meaning: semanticNode, looks: looksOfNode }, differ);
  const edges = compareItems(a["edges"], b["edges"], { meaning: semanticEdge, looks: looksOfEdge }, differ);
  const reordered = isReordered(a["edges"], b["edges"]);
  const [own, other] = [settingsOf(a), settingsOf(b)];
  const settings = differ.compare(semanticSettings(own), semanticSettings(other), false);
  const further = differ.compare(without(own, SETTINGS), without(other, SETTINGS), true);
  return {
    nodes: nodes.found,
    edges: { ...edges.found, reordered },
    settings: [...settings.changes, ...further.changes],
    layoutOnly: nodes.layoutOnly && edges.layoutOnly && settings.same && !reordered,
    unlisted: differ.unlisted,
  };
}

/** How the meaning of an item is told from its looks. */
interface Parts {
  meaning(item: JsonObject): JsonObject;
  looks(item: JsonObject): JsonObject;
}

function compareItems(before: Json | undefined, after: Json | undefined, parts: Parts, differ: Differ) {
  const [old, current] = [itemsOf(before), itemsOf(after)];
  const found: ItemsComparison = { added: [], removed: [], changed: [] };
  for (const id of current.keys()) if (!old.has(id)) found.added.push(id);
  for (const [id, item] of old) {
    const other = current.get(id);
    if (other === undefined) found.removed.push(id);
    else {
      const change = compareItem(id, item, other, parts, differ);
      if (change !== null) found.changed.push(change);
    }
  }
  const kept = found.added.length === 0 && found.removed.length === 0;
  return { found, layoutOnly: kept && found.changed.every((change) => change.layoutOnly) };
}

function compareItem(id: string, before: Json, after: Json, parts: Parts, differ: Differ): ItemChange | null {
  if (!isObject(before) || !isObject(after)) {
    const { changes, same } = differ.compare(before, after, false);
    return same ? null : { id, changes, layoutOnly: false };
  }
  const meaning = differ.compare(parts.meaning(before), parts.meaning(after), false);
  const looks = differ.compare(parts.looks(before), parts.looks(after), true);
  if (meaning.same && looks.same) return null;
  return { id, changes: [...meaning.changes, ...looks.changes], layoutOnly: meaning.same };
}

/** The items of a list by id. What has no id of its own, or not alone, is named by its place. */
function itemsOf(list: Json | undefined): Map<string, Json> {
  const items = new Map<string, Json>();
  if (!Array.isArray(list)) return list === undefined || list === null ? items : items.set("", list);
  for (const [place, item] of list.entries()) {
    const id = idOf(item);
    items.set(id === null || items.has(id) ? `[${place}]` : id, item);
  }
  return items;
}

function idOf(item: Json): string | null {
  return isObject(item) && typeof item["id"] === "string" ? item["id"] : null;
}

function isReordered(before: Json | undefined, after: Json | undefined): boolean {
  const [old, current] = [[...itemsOf(before).keys()], [...itemsOf(after).keys()]];
  const [inOld, inCurrent] = [new Set(old), new Set(current)];
  const kept = current.filter((id) => inOld.has(id));
  return old.filter((id) => inCurrent.has(id)).some((id, place) => id !== kept[place]);
}

function looksOfNode(node: JsonObject): JsonObject {
  return looks(node, ["id", "type"], NODE_DATA);
}

function looksOfEdge(edge: JsonObject): JsonObject {
  return looks(edge, ["id", "source", "target", "sourceHandle", "targetHandle"], ["condition"]);
}

function looks(item: JsonObject, meaning: string[], inData: string[]): JsonObject {
  const { data } = item;
  const rest = without(item, ["data", ...meaning]);
  const further = isObject(data) ? without(data, inData) : {};
  return Object.keys(further).length === 0 ? rest : { ...rest, data: further };
}

function without(source: JsonObject, keys: string[]): JsonObject {
  return Object.fromEntries(Object.entries(source).filter(([key]) => !keys.includes(key)));
}

function settingsOf(graph: JsonObject): JsonObject {
  return isObject(graph["settings"]) ? graph["settings"] : {};
}

/** Copies a graph to a depth that no recursion fears. */
function toGraph(graph: unknown): JsonObject {
  const copy = cut(graph as Json, 0);
  return isObject(copy) ? copy : {};
}

function cut(value: Json, depth: number): Json {
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEPTH) return "…";
  if (Array.isArray(value)) return value.map((item) => cut(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => key !== "__proto__").map(([key, item]) => [key, cut(item, depth + 1)]),
  );
}

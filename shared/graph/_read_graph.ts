import type { z } from "zod";
import { isObject } from "./json.ts";
import { readSettings } from "./_read_settings.ts";
import { GRAPH_LIMITS } from "./limits.ts";
import { formatPath, type ProblemCode, type Problems } from "./problems.ts";
import { deliverySchema, edgeSchema, nodeSchema, onErrorSchema, retrySchema } from "./schema.ts";
import type { Delivery, Json, JsonObject, OnError, RetryPolicy } from "./types.ts";

/** A node as far as it could be read; what was wrong was reported and has its usual value. */
export interface SourceNode {
  /** For example `["nodes", 3]`. */
  path: (string | number)[];
  id: string;
  /** Empty when it could not be read. */
  type: string;
  label: string;
  config: JsonObject;
  retry: Partial<RetryPolicy>;
  timeoutSeconds: number | undefined;
  /** Null when the graph does not say. */
  onError: OnError | null;
  undo: SourceUndo | null;
  /** Null when the graph does not say. */
  delivery: Delivery | null;
}

/** What undoes a node, as far as it could be read. */
export interface SourceUndo {
  /** Empty when it could not be read. */
  type: string;
  config: JsonObject;
  retry: Partial<RetryPolicy>;
  timeoutSeconds: number | undefined;
}

/** An edge as far as it could be read. */
export interface SourceEdge {
  path: (string | number)[];
  id: string;
  source: string;
  target: string;
  sourceHandle: string | null;
  targetHandle: string | null;
  /** Null when there is none, or a blank one. */
  condition: string | null;
}

/** A graph as far as it could be read. */
export interface SourceGraph {
  nodes: SourceNode[];
  edges: SourceEdge[];
  timeoutSeconds: number | undefined;
  /** Whether every node and every edge of the JSON is in the lists. */
  complete: boolean;
}

/**
 * Reads the nodes and edges of a graph, each by itself, so that one malformed node does not hide what is wrong with
 * the others.
 *
 * @param json The graph.
 * @param problems Gets what has the wrong shape.
 * @returns What could be read; null when there is too little or too much to go on.
 */
export function readGraph(json: Json, problems: Problems): SourceGraph | null {
  if (!isObject(json)) {
    problems.add("graph_invalid", "Expected an object with nodes and edges", { path: "" });
    return null;
  }
  const nodes = readList(json, "nodes", problems);
  const edges = readList(json, "edges", problems);
  const tooManyNodes = nodes.length > GRAPH_LIMITS.nodes;
  const tooManyEdges = edges.length > GRAPH_LIMITS.edges;
  if (tooManyNodes) {
    problems.add("too_many_nodes", `Cannot have more than ${GRAPH_LIMITS.nodes} nodes`, { path: "nodes" });
  }
  if (tooManyEdges) {
    problems.add("too_many_edges", `Cannot have more than ${GRAPH_LIMITS.edges} edges`, { path: "edges" });
  }
  if (tooManyNodes || tooManyEdges) return null;
  const sourceNodes = nodes.map((node, index) => readNode(node, ["nodes", index], problems));
  const sourceEdges = edges.map((edge, index) => readEdge(edge, ["edges", index], problems));
  return {
    nodes: sourceNodes.filter((node) => node !== null),
    edges: sourceEdges.filter((edge) => edge !== null),
    timeoutSeconds: readSettings(json["settings"], problems),
    complete: !sourceNodes.includes(null) && !sourceEdges.includes(null),
  };
}

function readList(graph: JsonObject, key: "nodes" | "edges", problems: Problems): Json[] {
  const list = graph[key];
  if (Array.isArray(list)) return list;
  problems.add("graph_invalid", `Expected a list of ${key}`, { path: key });
  return [];
}

function readNode(json: Json, path: (string | number)[], problems: Problems): SourceNode | null {
  const id = isObject(json) && typeof json["id"] === "string" ? json["id"] : null;
  report(nodeSchema.safeParse(json), path, id === null ? {} : { node_id: id }, problems);
  if (!isObject(json) || id === null) return null;
  const data = isObject(json["data"]) ? json["data"] : {};
  const label = typeof data["label"] === "string" ? data["label"].trim() : "";
  const onError = onErrorSchema.safeParse(data["onError"]);
  const delivery = deliverySchema.safeParse(data["delivery"]);
  return {
    path,
    id,
    type: textOf(json["type"]),
    label: label === "" ? id : label,
    ...readWork(data),
    onError: onError.success ? onError.data : null,
    undo: isObject(data["undo"]) ? { type: textOf(data["undo"]["type"]), ...readWork(data["undo"]) } : null,
    delivery: delivery.success ? delivery.data : null,
  };
}

/** What a node and its undo have in common. */
function readWork(data: JsonObject): Pick<SourceNode, "config" | "retry" | "timeoutSeconds"> {
  const retry = retrySchema.safeParse(data["retry"]);
  const timeoutSeconds = data["timeoutSeconds"];
  return {
    config: isObject(data["config"]) ? data["config"] : {},
    retry: retry.success ? withoutUndefined(retry.data) : {},
    timeoutSeconds: typeof timeoutSeconds === "number" ? timeoutSeconds : undefined,
  };
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function readEdge(json: Json, path: (string | number)[], problems: Problems): SourceEdge | null {
  const id = isObject(json) && typeof json["id"] === "string" ? json["id"] : null;
  report(edgeSchema.safeParse(json), path, id === null ? {} : { edge_id: id }, problems);
  if (!isObject(json)) return null;
  const { source, target, sourceHandle, targetHandle } = json;
  if (id === null || typeof source !== "string" || typeof target !== "string") return null;
  const condition = isObject(json["data"]) ? json["data"]["condition"] : null;
  return {
    path,
    id,
    source,
    target,
    sourceHandle: typeof sourceHandle === "string" && sourceHandle !== "" ? sourceHandle : null,
    targetHandle: typeof targetHandle === "string" && targetHandle !== "" ? targetHandle : null,
    condition: typeof condition === "string" && condition.trim() !== "" ? condition : null,
  };
}

function report(
  result: z.ZodSafeParseResult<unknown>,
  path: (string | number)[],
  owner: { node_id?: string; edge_id?: string },
  problems: Problems,
) {
  for (const issue of result.error?.issues ?? []) {
    problems.add(codeOf(issue.path), issue.message, { path: formatPath([...path, ...issue.path]), ...owner });
  }
}

function codeOf(path: readonly PropertyKey[]): ProblemCode {
  if (path[0] === "id") return "id_invalid";
  // What undoes a node has the same fields, one level deeper.
  const [field, usual] = path[1] === "undo" ? [path[2], "undo_invalid" as const] : [path[1], "graph_invalid" as const];
  if (field === "timeoutSeconds") return "timeout_invalid";
  if (field === "retry") return "retry_invalid";
  if (field === "delivery") return "delivery_invalid";
  return field === "config" ? "config_invalid" : usual;
}

/** zod leaves absent optional fields out, but its types do not say so. */
function withoutUndefined(retry: z.infer<typeof retrySchema>): Partial<RetryPolicy> {
  const { maxAttempts, backoff, delaySeconds, maxDelaySeconds, jitter, retryOn } = retry;
  return {
    ...(maxAttempts !== undefined ? { maxAttempts } : {}),
    ...(backoff !== undefined ? { backoff } : {}),
    ...(delaySeconds !== undefined ? { delaySeconds } : {}),
    ...(maxDelaySeconds !== undefined ? { maxDelaySeconds } : {}),
    ...(jitter !== undefined ? { jitter } : {}),
    ...(retryOn !== undefined ? { retryOn } : {}),
  };
}

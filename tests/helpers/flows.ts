/**
 * Graphs of few words and flows made of them.
 *
 * @module
 */
import type { Graph, GraphEdge, GraphNode, GraphNodeData, Json } from "../../shared/graph/mod.ts";
import type { ApiUser, TestApi } from "./api.ts";
import { createFlow } from "./engine.ts";

/** A graph from nodes and edges such as `a>b` and `if/true>b`. */
export function draw(nodes: Record<string, [type: string, data?: GraphNodeData]>, ...edges: string[]): Graph {
  const list: GraphNode[] = Object.entries(nodes).map(([id, [type, data]]) => ({ id, type, ...(data && { data }) }));
  const lines: GraphEdge[] = edges.map((edge, index) => {
    const [, source = "", handle, target = ""] = /^(\w+)(?:\/(\w+))?>(\w+)$/.exec(edge) ?? [];
    return { id: `e${index}`, source, target, ...(handle !== undefined && { sourceHandle: handle }) };
  });
  return { nodes: list, edges: lines };
}

/** A pure node that gives an object with these fields. */
export function set(fields: Record<string, Json>): [string, GraphNodeData] {
  return ["action.transform", { config: { operations: [{ op: "set", fields }] } }];
}

/** A node that posts JSON to an address. */
export function post(url: string, value: Json = {}, data: GraphNodeData = {}): [string, GraphNodeData] {
  return ["action.http", { config: { method: "POST", url, body: { type: "json", value } }, ...data }];
}

/** Saves a graph as a flow of the user; gives its id. */
export function saveFlow(api: TestApi, user: ApiUser, graph: Graph, name = "Test"): Promise<string> {
  const claims = { sub: user.id, role: "authenticated" };
  const tenant = { user: { id: user.id, email: user.email, claims }, organizationId: user.organizationId };
  return createFlow(api.db, tenant, graph, name);
}

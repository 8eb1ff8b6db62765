/**
 * Graphs for the tests of this function.
 *
 * @module
 */
import type { Graph } from "../../shared/graph/mod.ts";

/** A graph that runs. */
export const VALID_GRAPH: Graph = {
  nodes: [
    { id: "start", type: "trigger.manual", position: { x: 0, y: 0 } },
    { id: "end", type: "logic.stop", position: { x: 200, y: 0 }, data: { label: "End" } },
  ],
  edges: [{ id: "e", source: "start", target: "end" }],
};

/** The same graph, drawn elsewhere and named otherwise. */
export const OTHER_VALID_GRAPH: Graph = {
  ...VALID_GRAPH,
  nodes: VALID_GRAPH.nodes.map((node) => node.id === "end" ? { ...node, data: { label: "The end" } } : node),
};

/** A graph with three errors: an unknown type, an edge into nothing, and an expression that is none. */
export const INVALID_GRAPH: Graph = {
  nodes: [
    { id: "start", type: "trigger.manual" },
    { id: "what", type: "action.unheard_of" },
    { id: "end", type: "logic.stop", data: { config: { message: "{{ 1 + }}" } } },
  ],
  edges: [
    { id: "a", source: "start", target: "what" },
    { id: "b", source: "start", target: "end" },
    { id: "c", source: "what", target: "nowhere" },
  ],
};

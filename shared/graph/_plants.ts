/**
 * Faults to plant into graphs: for every problem that can stand beside others, nodes and edges that have it.
 *
 * @module
 */
import { draw, edge, node } from "./_testing.ts";
import { STEP_LIMITS } from "./limits.ts";
import type { ProblemCode } from "./problems.ts";
import type { GraphEdge, GraphNode, GraphProblem, GraphUndo } from "./types.ts";

/** A fault, as nodes and edges that can be put into any graph, and what must be said about it. */
export interface Plant {
  nodes?: unknown[];
  edges?: (string | GraphEdge)[];
  settings?: unknown;
  expected: Partial<GraphProblem>[];
}

/** Nodes `id` and its data, joined to the trigger. */
function behindStart(...nodes: GraphNode[]): Pick<Plant, "nodes" | "edges"> {
  return { nodes, edges: nodes.map(({ id }) => `start>${id}`) };
}

const unparsable = "{{ upper( }}";

/** By code. They stand behind a trigger `start`, and beside each other. */
export const PLANTS: Partial<Record<ProblemCode, Plant>> = {
  graph_invalid: {
    ...behindStart({ ...node("shape"), data: { label: 5 } } as unknown as GraphNode),
    expected: [{ code: "graph_invalid", node_id: "shape" }],
  },
  id_invalid: {
    ...behindStart(node("a b")),
    expected: [{ code: "id_invalid", node_id: "a b" }],
  },
  forbidden_key: {
    ...behindStart(node("proto", "action.set", JSON.parse('{"config": {"__proto__": {"x": 1}}}'))),
    expected: [{ code: "forbidden_key" }],
  },
  duplicate_node_id: {
    nodes: [node("twin"), node("twin")],
    edges: ["start>twin"],
    expected: [{ code: "duplicate_node_id", node_id: "twin" }],
  },
  duplicate_edge_id: {
    nodes: [node("e1"), node("e2")],
    edges: [edge("start>e1", undefined, "same"), edge("start>e2", undefined, "same")],
    expected: [{ code: "duplicate_edge_id", edge_id: "same" }],
  },
  unknown_node_type: {
    ...behindStart(node("odd", "action.htpp")),
    expected: [{
      code: "unknown_node_type",
      node_id: "odd",
      message: 'There is no node type "action.htpp"; did you mean action.http?',
    }],
  },
  config_invalid: {
    ...behindStart(node("call", "action.http", { config: { url: "nowhere", retries: "two", more: 1 } })),
    expected: [{ code: "config_invalid", node_id: "call" }],
  },
  retry_invalid: {
    ...behindStart(
      node("retry1", "action.set", { retry: { maxAttempts: 0, backoff: "linear" as "fixed" } }),
      node("retry2", "action.set", { retry: { delaySeconds: 60, maxDelaySeconds: 5 } }),
    ),
    expected: [{ code: "retry_invalid", node_id: "retry1" }, { code: "retry_invalid", node_id: "retry2" }],
  },
  timeout_invalid: {
    ...behindStart(node("slow", "action.set", { timeoutSeconds: STEP_LIMITS.timeoutSeconds.most + 1 })),
    settings: { timeoutSeconds: 0 },
    expected: [
      { code: "timeout_invalid", node_id: "slow" },
      { code: "timeout_invalid", path: "settings.timeoutSeconds" },
    ],
  },
  expression_invalid: {
    nodes: [node("bad", "action.set", { config: { list: ["ok", `x ${unparsable}`] } }), node("worse")],
    edges: ["start>bad", edge("bad>worse", "trigger.x >")],
    expected: [
      { code: "expression_invalid", node_id: "bad", position: 12 },
      { code: "expression_invalid", edge_id: "bad>worse", position: 11 },
    ],
  },
  unknown_reference: {
    ...behindStart(node("reader", "action.set", { config: { x: "{{ steps.strat.output }}" } })),
    expected: [
      { code: "unknown_reference", node_id: "reader", message: 'There is no step "strat"; did you mean start?' },
    ],
  },
  not_an_ancestor: {
    nodes: [
      node("left", "action.set", { config: { x: "{{ steps.right.output }}" } }),
      node("right", "action.set", { config: { x: "{{ steps.right.output }}" } }),
    ],
    edges: ["start>left", edge("start>right", "steps.left.output")],
    expected: [
      { code: "not_an_ancestor", node_id: "left" },
      { code: "not_an_ancestor", node_id: "right", message: '"right" cannot read its own output' },
      { code: "not_an_ancestor", edge_id: "start>right" },
    ],
  },
  dangling_edge: {
    edges: ["start>nowhere", "noone>start"],
    expected: [
      { code: "dangling_edge", edge_id: "start>nowhere" },
      { code: "dangling_edge", edge_id: "noone>start" },
    ],
  },
  self_edge: {
    ...behindStart(node("self")),
    edges: ["start>self", "self>self"],
    expected: [{ code: "self_edge", edge_id: "self>self", node_id: "self" }],
  },
  duplicate_edge: {
    ...behindStart(node("double")),
    edges: ["start>double", edge("start:out>double", undefined, "again")],
    expected: [{ code: "duplicate_edge", edge_id: "again" }],
  },
  unknown_handle: {
    ...behindStart(node("choice", "logic.if"), node("chosen")),
    edges: ["start>choice", "choice:maybe>chosen", "start:error>chosen"],
    expected: [
      {
        code: "unknown_handle",
        edge_id: "choice:maybe>chosen",
        message: '"choice" has no handle "maybe"; it has true, false',
      },
      { code: "unknown_handle", edge_id: "start:error>chosen" },
    ],
  },
  stop_has_output: {
    nodes: [node("halt", "logic.stop"), node("after")],
    edges: ["start>halt", "halt>after"],
    expected: [{ code: "stop_has_output", edge_id: "halt>after", node_id: "halt" }],
  },
  trigger_has_input: {
    nodes: [node("manual", "trigger.manual")],
    edges: ["start>manual"],
    expected: [{ code: "trigger_has_input", edge_id: "start>manual", node_id: "manual" }],
  },
  cycle: {
    nodes: [node("c1"), node("c2"), node("c3"), node("c4")],
    edges: ["start>c1", "c1>c2", "c2>c3", "c3>c1", "c3>c4"],
    expected: [{ code: "cycle", node_id: "c1", message: "These nodes lead in a circle: c1 → c2 → c3 → c1" }],
  },
  region_crossed: {
    ...draw("start>split1>x1>collect1, start>y1>y2>x1, start>each1:body>each2:body>x2>each1, x2>collect1"),
    expected: [
      { code: "region_crossed", edge_id: "y2>x1", node_id: "x1" },
      {
        code: "region_crossed",
        edge_id: "x2>each1",
        message: '"x2" cannot lead to "each1": first leave the body of "each2"',
      },
      { code: "region_crossed", edge_id: "x2>collect1" },
    ],
  },
  region_too_deep: {
    ...draw(`start>each11${[2, 3, 4, 5, 6, 7, 8, 9, 10].map((level) => `:body>each1${level}`).join("")}:body>deep`),
    expected: [{ code: "region_too_deep", node_id: "each19" }],
  },
  splitter_not_collected: {
    ...draw("start>split2>x3, start>split3>collect2, split3>collect3"),
    expected: [
      { code: "splitter_not_collected", node_id: "split2" },
      { code: "splitter_not_collected", node_id: "split3" },
    ],
  },
  collector_without_splitter: {
    ...draw("start>collect4, start>each3:body>collect5"),
    expected: [
      { code: "collector_without_splitter", node_id: "collect4" },
      { code: "collector_without_splitter", node_id: "collect5" },
    ],
  },
  break_outside_loop: {
    ...draw("start>break1, start>each4:body>split4>break2, split4>x4>collect6, start>try0:body>break3, try0:error>x12"),
    expected: [
      { code: "break_outside_loop", node_id: "break1", message: '"break1" is in no loop' },
      { code: "break_outside_loop", node_id: "break2" },
      { code: "break_outside_loop", node_id: "break3" },
    ],
  },
  inside_region: {
    ...draw("start>split5>x5>collect7>x6, start>each5:body>x7, each5>x8", {
      x6: { config: { x: "{{ steps.x5.output }}" } },
      x8: { config: { x: "{{ steps.x7.output }}" } },
      collect7: { config: { x: "{{ steps.x5.output }}" } },
    }),
    expected: [
      {
        code: "inside_region",
        node_id: "x6",
        message: '"x5" is in the body of "split5" and cannot be read from outside; read "collect7" instead',
      },
      { code: "inside_region", node_id: "x8" },
      { code: "inside_region", node_id: "collect7" },
    ],
  },
  no_region: {
    nodes: [node("outside", "action.set", { config: { x: "{{ 1 + item.x + index }}" } }), node("outside2")],
    edges: ["start>outside", edge("outside>outside2", "index == 0")],
    expected: [
      { code: "no_region", node_id: "outside", position: 7 },
      { code: "no_region", node_id: "outside", position: 16 },
      { code: "no_region", edge_id: "outside>outside2", position: 0 },
    ],
  },
  missing_secret: {
    nodes: [node("x11", "action.http", { config: { url: "{{ 'Bearer ' + secrets.CRM_KEY }}" } })],
    edges: ["start>x11"],
    expected: [{ code: "missing_secret", node_id: "x11", position: 15, message: 'There is no secret "CRM_KEY"' }],
  },
  secret_not_allowed: {
    nodes: [node("x21", "action.set", { config: { key: "{{ secrets.CRM_KEY }}" } }), node("x22"), node("x23")],
    edges: ["start>x21", edge("x21>x22", "secrets.CRM_KEY == 'a'"), "x22>x23"],
    expected: [
      {
        code: "secret_not_allowed",
        node_id: "x21",
        position: 3,
        message: 'Cannot read the secret "CRM_KEY" in a node of type action.set: what is computed there is recorded',
      },
      { code: "secret_not_allowed", edge_id: "x21>x22", position: 0 },
    ],
  },
  no_callback: {
    ...draw("start>x9, start>wait1, start>each6:body>x10, start>wait2", {
      x9: { config: { url: "{{ callbacks.wait1 }}" } },
      wait1: { config: { mode: "signal" } },
      wait2: { config: { mode: "callback" } },
      x10: { config: { url: "{{ callbacks.wait2 }}" } },
    }),
    expected: [{ code: "no_callback", node_id: "x9" }, { code: "no_callback", node_id: "x10" }],
  },
  need_too_high: {
    ...draw("start>merge1", { merge1: { config: { need: 2 } } }),
    expected: [{
      code: "need_too_high",
      node_id: "merge1",
      message: '"merge1" waits for 2 branches, but 1 leads into it',
    }],
  },
  undo_invalid: {
    ...behindStart(
      node("undo1", "action.set", { undo: { type: "logic.wait" } }),
      node("undo2", "logic.stop", { undo: { type: "action.set" } }),
      node("undo3", "action.set", { undo: {} as GraphUndo }),
    ),
    expected: [
      { code: "undo_invalid", node_id: "undo1", message: "A node of type logic.wait cannot undo anything" },
      { code: "undo_invalid", node_id: "undo2" },
      { code: "undo_invalid", node_id: "undo3" },
    ],
  },
  delivery_invalid: {
    ...behindStart(
      node("deliver1", "action.set", { delivery: "at_most_once" }),
      node("deliver2", "action.http", { config: { url: "https://example.com" }, delivery: "once" as "at_most_once" }),
    ),
    expected: [{ code: "delivery_invalid", node_id: "deliver1" }, { code: "delivery_invalid", node_id: "deliver2" }],
  },
  setting_invalid: {
    settings: { maxPerKey: 0, errorFlowId: "x" },
    expected: [
      { code: "setting_invalid", path: "settings.maxPerKey" },
      { code: "setting_invalid", path: "settings.errorFlowId" },
    ],
  },
  empty_region: {
    ...draw("start>each7>x11, start>split6>collect8"),
    expected: [
      { code: "empty_region", node_id: "each7", severity: "warning" },
      { code: "empty_region", node_id: "split6", severity: "warning" },
    ],
  },
  unreachable_node: {
    nodes: [node("island", "action.set", { config: { x: "{{ steps.shore.output }}" } }), node("shore")],
    edges: ["shore>island"],
    expected: [
      { code: "unreachable_node", node_id: "island", severity: "warning" },
      { code: "unreachable_node", node_id: "shore", severity: "warning" },
    ],
  },
  missing_default: {
    nodes: [node("switch", "logic.switch", { config: { cases: ["a", "b"] } }), node("case")],
    edges: ["start>switch", "switch:a>case"],
    expected: [{ code: "missing_default", node_id: "switch", severity: "warning" }],
  },
  missing_error_branch: {
    ...behindStart(node("risky", "action.set", { onError: "branch" })),
    expected: [{ code: "missing_error_branch", node_id: "risky", severity: "warning" }],
  },
};

import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { catalog, compileSmall, draw, edge, graphOf, node, planOf, problemsOf } from "./_testing.ts";
import { compile } from "./compile.ts";
import { GRAPH_LIMITS, STEP_LIMITS } from "./limits.ts";
import { PROBLEM_CODES, type ProblemCode } from "./problems.ts";
import type { Graph, GraphEdge, GraphNode, GraphProblem, GraphUndo, NodeFacts } from "./types.ts";

const start = node("start", "trigger.webhook");

/** A fault, as nodes and edges that can be put into any graph, and what must be said about it. */
interface Plant {
  nodes?: unknown[];
  edges?: (string | GraphEdge)[];
  settings?: unknown;
  expected: Partial<GraphProblem>[];
}

/** Puts plants behind a healthy trigger. */
function garden(plants: Plant[]): Graph {
  const planted = plants.flatMap((plant) => (plant.nodes ?? []) as GraphNode[]);
  const nodes = [start, ...planted.filter(({ id }) => id !== "start")];
  const withSettings = plants.filter((plant) => plant.settings !== undefined);
  const settings: unknown = withSettings.length === 0
    ? undefined
    : Object.assign({}, ...withSettings.map((plant) => plant.settings));
  return {
    ...graphOf(nodes, plants.flatMap((plant) => plant.edges ?? [])),
    ...(settings === undefined ? {} : { settings: settings as { timeoutSeconds: number } }),
  };
}

function has(problems: GraphProblem[], expected: Partial<GraphProblem>): boolean {
  return problems.some((problem) =>
    Object.entries(expected).every(([key, value]) => problem[key as keyof GraphProblem] === value)
  );
}

/** Nodes `id` and its data, joined to the trigger. */
function behindStart(...nodes: GraphNode[]): Pick<Plant, "nodes" | "edges"> {
  return { nodes, edges: nodes.map(({ id }) => `start>${id}`) };
}

const unparsable = "{{ upper( }}";

const PLANTS: Partial<Record<ProblemCode, Plant>> = {
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

for (const [code, plant] of Object.entries(PLANTS)) {
  Deno.test(`compile() finds ${code}`, () => {
    const problems = problemsOf(garden([plant]));
    for (const expected of plant.expected) {
      assert(has(problems, expected), `${JSON.stringify(expected)} not in ${JSON.stringify(problems, null, 1)}`);
    }
    assertEquals(problems.filter((problem) => problem.code !== code), []);
  });
}

Deno.test("compile() finds all planted problems at once", () => {
  const plants = Object.values(PLANTS);
  const problems = problemsOf(garden(plants));
  for (const expected of plants.flatMap((plant) => plant.expected)) {
    assert(has(problems, expected), `${JSON.stringify(expected)} not in ${JSON.stringify(problems, null, 1)}`);
  }
  const firstWarning = problems.findIndex((problem) => problem.severity === "warning");
  assert(problems.slice(firstWarning).every((problem) => problem.severity === "warning"), "errors come first");
});

Deno.test("compile() gives every error a node, an edge or a path", () => {
  for (const problem of problemsOf(garden(Object.values(PLANTS)))) {
    assert(problem.node_id !== undefined || problem.edge_id !== undefined || problem.path !== "");
    assertMatch(problem.path, /^(nodes|edges|settings)(\[\d+\])?/);
  }
});

Deno.test("compile() finds problems of every code that there is", () => {
  const covered = new Set<string>(Object.keys(PLANTS));
  // These have tests of their own below: they do not go together with others.
  for (
    const code of [
      "no_trigger",
      "graph_too_large",
      "graph_too_deep",
      "too_many_nodes",
      "too_many_edges",
      "too_many_problems",
    ]
  ) covered.add(code);
  assertEquals([...covered].sort(), Object.keys(PROBLEM_CODES).sort());
});

Deno.test("compile() says only no_trigger of a graph without one", () => {
  assertEquals(problemsOf(graphOf([], [])).map((problem) => problem.code), ["no_trigger"]);
  assertEquals(problemsOf(graphOf([node("a"), node("b")], ["a>b"])).map((problem) => problem.code), ["no_trigger"]);
});

Deno.test("compile() takes a misspelt trigger for one", () => {
  const problems = problemsOf(graphOf([node("t", "trigger.webhok"), node("a")], ["t>a"]));
  assertEquals(problems.map((problem) => problem.code), ["unknown_node_type"]);
});

Deno.test("compile() names the list that is too long, and nothing else", () => {
  const nodes = Array.from({ length: GRAPH_LIMITS.nodes + 1 }, (_, index) => node(`n${index}`, "no.such"));
  const edges = Array.from({ length: GRAPH_LIMITS.edges + 1 }, () => edge("x>y"));
  assertEquals(problemsOf(graphOf(nodes, edges)).map(({ code, path }) => [code, path]), [
    ["too_many_nodes", "nodes"],
    ["too_many_edges", "edges"],
  ]);
});

Deno.test("compile() accepts the largest number of nodes and edges", () => {
  const nodes = [start, ...Array.from({ length: GRAPH_LIMITS.nodes - 1 }, (_, index) => node(`n${index}`))];
  const edges: string[] = [];
  for (let step = 1; edges.length < GRAPH_LIMITS.edges; step++) {
    for (let from = 0; from + step < nodes.length && edges.length < GRAPH_LIMITS.edges; from++) {
      edges.push(`${nodes[from]?.id}>${nodes[from + step]?.id}`);
    }
  }
  assertEquals(planOf(graphOf(nodes, edges)).nodes.length, GRAPH_LIMITS.nodes);
});

Deno.test("compile() refuses a graph that is too large", () => {
  const large = node("large", "action.set", { config: { text: "é".repeat(GRAPH_LIMITS.bytes / 2) } });
  assertEquals(problemsOf(graphOf([start, large], ["start>large"])).map(({ code }) => code), ["graph_too_large"]);
});

Deno.test("compile() refuses a graph that is too deep, and goes on", () => {
  let deep: { [key: string]: unknown } = {};
  for (let level = 0; level < 100_000; level++) deep = { deep };
  const problems = problemsOf({ nodes: [start, { ...node("deep"), data: { config: deep } }], edges: ["x"] });
  assertEquals(problems.map(({ code }) => code), ["graph_too_deep", "graph_invalid"]);
});

Deno.test("compile() stops listing problems at some number", () => {
  const config = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`k${index}`, "{{ }}"]));
  const problems = problemsOf(graphOf([start, node("a", "action.set", { config })], ["start>a"]));
  assertEquals(problems.length, GRAPH_LIMITS.problems + 1);
  assertEquals(problems.at(-1)?.message, "There are 1000 more problems");
});

Deno.test("compile() gives the path into the config", () => {
  const config = { url: "https://example.com", auth: { kind: "bearer" }, "odd key": ["{{ oops }}"] };
  const problems = problemsOf(graphOf([start, node("a", "action.http", { config })], ["start>a"]));
  assertEquals(problems.map(({ code, path }) => [code, path]), [
    ["expression_invalid", 'nodes[1].data.config["odd key"][0]'],
    ["config_invalid", "nodes[1].data.config.auth"],
    ["config_invalid", "nodes[1].data.config"],
  ]);
  assertStringIncludes(problems[0]?.message ?? "", "(at character 4)");
});

Deno.test("compile() leaves what an expression will give to the run", () => {
  const config = { url: "{{ trigger.body.url }}", retries: "{{ 1 }}", auth: { kind: "{{ trigger.kind }}" } };
  planOf(graphOf([start, node("a", "action.http", { config })], ["start>a"]));
  const escaped = { url: "\\{{ trigger.body.url }}" };
  assertEquals(
    problemsOf(graphOf([start, node("a", "action.http", { config: escaped })], ["start>a"])).map(({ code }) => code),
    ["config_invalid"],
  );
});

Deno.test("compile() refuses a setting that does not exist, even if an expression stands there", () => {
  const facts: NodeFacts = {
    type: "strict",
    kind: "pure",
    handles: () => ["out"],
    checkConfig: (config) =>
      Object.keys(config).map((key) => ({ path: [key], code: "unrecognized_key", message: "Unknown setting" })),
  };
  const types = { get: (type: string) => type === "strict" ? facts : catalog.get(type), types: () => ["strict"] };
  const graph = graphOf([start, node("a", "strict", { config: { odd: "{{ trigger.x }}" } })], ["start>a"]);
  const result = compile(graph, types);
  assertEquals(result.ok ? [] : result.problems.map(({ path }) => path), ["nodes[1].data.config.odd"]);
});

Deno.test("compile() survives a node type that stumbles over a config", () => {
  const result = compileSmall(graphOf([start, node("s", "logic.switch"), node("a")], ["start>s", "s:any>a"]));
  assert(result.ok);
});

Deno.test("compile() does not blame edges for a node it cannot read", () => {
  const graph = { nodes: [start, { type: "action.set" }, node("b")], edges: [edge("start>a"), edge("a>b")] };
  const problems = problemsOf(graph);
  assertEquals(problems.map(({ code, path }) => [code, path]), [["id_invalid", "nodes[1].id"]]);
});

Deno.test("compile() reads conditions with and without braces, and blank ones as none", () => {
  const graph = graphOf([start, node("a"), node("b"), node("c")], [
    edge("start>a", "{{ trigger.x > 1 }}"),
    edge("start>b", "  "),
    edge("start>c", " trigger.x "),
  ]);
  assertEquals(planOf(graph).nodes[0]?.out.map(({ condition }) => condition), [
    "trigger.x > 1",
    undefined,
    "trigger.x",
  ]);
  const problems = problemsOf(graphOf([start, node("a")], [edge("start>a", "{{ trigger.x }} > 1")]));
  assertEquals(problems.map(({ code, position }) => [code, position]), [["expression_invalid", 15]]);
});

import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { type Plant, PLANTS } from "./_plants.ts";
import { catalog, compileSmall, edge, graphOf, node, planOf, problemsOf } from "./_testing.ts";
import { compile } from "./compile.ts";
import { GRAPH_LIMITS } from "./limits.ts";
import { PROBLEM_CODES } from "./problems.ts";
import type { Graph, GraphNode, GraphProblem, NodeFacts } from "./types.ts";

const start = node("start", "trigger.webhook");

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

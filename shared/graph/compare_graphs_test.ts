import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw, edge, node, type Random, randomJson, randomOf, seeds } from "./_testing.ts";
import { mutate, randomNested } from "./_random_graphs.ts";
import { Differ } from "./_diff_values.ts";
import { compareGraphs } from "./compare_graphs.ts";
import { semanticGraph } from "./semantic_graph.ts";
import type { Graph, Json } from "./types.ts";

const nothing = { added: [], removed: [], changed: [] };
const graph = draw("t>a>b", { a: { label: "A", config: { url: "x", list: [1, { deep: true }] } } });

function changed(change: (copy: Graph) => void): ReturnType<typeof compareGraphs> {
  const copy = structuredClone(graph);
  change(copy);
  return compareGraphs(graph, copy);
}

Deno.test("compareGraphs() finds nothing between equals", () => {
  assertEquals(changed(() => {}), {
    nodes: nothing,
    edges: { ...nothing, reordered: false },
    settings: [],
    layoutOnly: true,
    unlisted: 0,
  });
});

Deno.test("compareGraphs() names what was added and removed", () => {
  const found = changed((copy) => {
    copy.nodes = [...copy.nodes.filter(({ id }) => id !== "b"), node("c"), node("d")];
    copy.edges = [edge("t>a"), edge("a>c")];
  });
  assertEquals(found.nodes, { added: ["c", "d"], removed: ["b"], changed: [] });
  assertEquals(found.edges, { added: ["a>c"], removed: ["a>b"], changed: [], reordered: false });
  assertEquals(found.layoutOnly, false);
});

Deno.test("compareGraphs() gives the path and both values of every change", () => {
  const found = changed((copy) => {
    const a = copy.nodes.find(({ id }) => id === "a")!;
    a.data = { label: "B", config: { url: "y", list: [1, { deep: false }, 3] }, undo: { type: "action.set" } };
    copy.edges[1]!.data = { condition: "trigger.x" };
    copy.settings = { maxPerKey: 2, theme: "dark" };
  });
  assertEquals(found.nodes.changed, [{
    id: "a",
    layoutOnly: false,
    changes: [
      { path: "data.config.list[1].deep", before: true, after: false, layout: false },
      { path: "data.config.list[2]", after: 3, layout: false },
      { path: "data.config.url", before: "x", after: "y", layout: false },
      { path: "data.label", before: "A", after: "B", layout: false },
      { path: "data.undo", after: { type: "action.set" }, layout: false },
    ],
  }]);
  assertEquals(found.edges.changed, [{
    id: "a>b",
    layoutOnly: false,
    changes: [{ path: "data", after: { condition: "trigger.x" }, layout: false }],
  }]);
  assertEquals(found.settings, [
    { path: "maxPerKey", after: 2, layout: false },
    { path: "theme", after: "dark", layout: true },
  ]);
});

Deno.test("compareGraphs() tells layout from meaning", () => {
  const found = changed((copy) => {
    copy.nodes.reverse();
    copy.nodes[0]!["position"] = { x: 9, y: 0 };
    copy.nodes[0]!.data = { ...copy.nodes[0]!.data, color: "red", retry: {} };
    copy.edges[0]!["animated"] = true;
    copy.edges[0]!.sourceHandle = "";
    copy["viewport"] = { zoom: 2 };
  });
  assertEquals(found.layoutOnly, true);
  assertEquals(found.nodes.changed, [{
    id: "b",
    layoutOnly: true,
    changes: [
      { path: "data", after: { color: "red" }, layout: true },
      { path: "position.x", before: 0, after: 9, layout: true },
    ],
  }]);
  assertEquals(found.edges.changed.map(({ id, layoutOnly }) => [id, layoutOnly]), [["t>a", true]]);
});

Deno.test("compareGraphs() sees that edges come in another order", () => {
  const found = changed((copy) => copy.edges.reverse());
  assertEquals([found.edges.reordered, found.layoutOnly, found.edges.changed], [true, false, []]);
});

Deno.test("compareGraphs() cuts long values and counts what it does not list", () => {
  const withConfig = (config: { [key: string]: Json }) => draw("t>a", { a: { config } });
  const [change] = compareGraphs(withConfig({ x: 1 }), withConfig({ x: "é".repeat(5000) })).nodes.changed[0]!.changes;
  assertEquals([change?.cut, change?.before, String(change?.after).length], [true, 1, 2001]);
  const many = (value: number) =>
    withConfig(Object.fromEntries(Array.from({ length: 3000 }, (_, key) => [key, value])));
  const found = compareGraphs(many(1), many(2));
  assertEquals([found.nodes.changed[0]?.changes.length, found.unlisted, found.layoutOnly], [2000, 1000, false]);
});

/** A graph, and the same with changes here and there; ids and edge lists stay whole. */
function randomPair(random: Random): [Graph, Graph] {
  const { graph } = randomNested(random, 2);
  const change = (item: object) => {
    const copy = structuredClone(item) as { [key: string]: Json };
    const keys = ["data", "type", "position", "selected", "condition", "sourceHandle", "config"];
    const key = random.pick(keys.filter((name) => name !== "type" || "type" in copy));
    if (random.chance(0.9)) return copy;
    copy[key] = random.chance(0.3) ? mutate(copy[key] ?? null, random) : random.pick([null, "", {}, { x: 1 }]);
    return copy;
  };
  const settings = [{}, { settings: { timeoutSeconds: 5 } }, { settings: { theme: 1 } }];
  const after = { nodes: graph.nodes.map(change), edges: graph.edges.map(change), ...random.pick(settings) };
  if (random.chance(0.2)) after.edges.reverse();
  if (random.chance(0.5)) after.nodes.reverse();
  return [graph, after as unknown as Graph];
}

Deno.test("compareGraphs() agrees with semanticGraph() on what has a meaning", () => {
  for (const seed of seeds()) {
    const random = randomOf(seed);
    for (let count = 0; count < 200; count++) {
      const [before, after] = randomPair(random);
      const same = JSON.stringify(semanticGraph(before)) === JSON.stringify(semanticGraph(after));
      assertEquals(compareGraphs(before, after).layoutOnly, same, `seed ${seed}, graph ${count}`);
    }
  }
});

Deno.test("compareGraphs() takes any JSON, however deep", () => {
  let deep: Json = 1;
  for (let level = 0; level < 5000; level++) deep = { deep: [deep] };
  const odd = [null, 1, "x", [], { nodes: 5, edges: [1, { id: "a" }, { id: "a" }, null] }, { nodes: deep }, {
    nodes: [deep],
  }];
  for (const before of odd) for (const after of odd) compareGraphs(before, after);
  for (const seed of seeds()) {
    const random = randomOf(seed);
    for (let count = 0; count < 500; count++) {
      const [before, after] = [0, 1].map(() => ({ nodes: [randomJson(random, 5)], edges: randomJson(random, 5) }));
      const found = compareGraphs(before, after);
      assertEquals(JSON.parse(JSON.stringify(found)), found, `seed ${seed}`);
    }
  }
});

Deno.test("Differ looks at every value once", () => {
  const count = (value: Json): number =>
    1 +
    (typeof value === "object" && value !== null
      ? Object.values(value).reduce<number>((sum, item) => sum + count(item), 0)
      : 0);
  for (const seed of seeds()) {
    const random = randomOf(seed);
    for (let round = 0; round < 200; round++) {
      const [before, after] = [randomJson(random, 6), randomJson(random, 6)];
      const differ = new Differ(5);
      differ.compare(before, after, false);
      assert(differ.visited <= count(before) + count(after), `seed ${seed}`);
    }
  }
});

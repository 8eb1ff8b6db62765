import { assertEquals, assertNotEquals } from "../../tests/helpers/assert.ts";
import { edge, graphOf, node, randomJson, randomOf, seeds } from "./_testing.ts";
import { semanticGraph } from "./semantic_graph.ts";

const graph = graphOf(
  [node("b", "action.set", { label: "B", config: { z: 1, a: { y: null, x: [2] } } }), node("a", "trigger.manual")],
  [edge("a>b", "trigger.x")],
);

Deno.test("semanticGraph() keeps what decides the plan, in canonical order", () => {
  const text = '{"edges":[{"data":{"condition":"trigger.x"},"id":"a>b","source":"a","target":"b"}],' +
    '"nodes":[{"id":"a","type":"trigger.manual"},' +
    '{"data":{"config":{"a":{"x":[2],"y":null},"z":1},"label":"B"},"id":"b","type":"action.set"}]}';
  assertEquals(JSON.stringify(semanticGraph(graph)), text);
});

Deno.test("semanticGraph() does not see layout", () => {
  const drawnOtherwise = {
    ...graph,
    nodes: graph.nodes.toReversed().map((item) => ({
      ...item,
      position: { x: 9, y: 9 },
      measured: { width: 1 },
      selected: true,
      dragging: false,
      style: { color: "red" },
      data: { ...item.data, color: "red", retry: {} },
    })),
    edges: graph.edges.map((item) => ({ ...item, animated: true, sourceHandle: undefined, targetHandle: "" })),
    viewport: { x: 1, y: 1, zoom: 2 },
    settings: {},
  };
  assertEquals(semanticGraph(drawnOtherwise), semanticGraph(graph));
});

Deno.test("semanticGraph() sees every change that matters", () => {
  const [b, a] = graph.nodes;
  const [first] = graph.edges;
  const changes = [
    { ...graph, nodes: [b] },
    { ...graph, nodes: [{ ...b, id: "c" }, a] },
    { ...graph, nodes: [{ ...b, type: "action.http" }, a] },
    { ...graph, nodes: [{ ...b, data: { ...b?.data, label: "C" } }, a] },
    { ...graph, nodes: [{ ...b, data: { ...b?.data, config: { z: 2 } } }, a] },
    { ...graph, nodes: [{ ...b, data: { ...b?.data, retry: { maxAttempts: 2 } } }, a] },
    { ...graph, nodes: [{ ...b, data: { ...b?.data, timeoutSeconds: 2 } }, a] },
    { ...graph, nodes: [{ ...b, data: { ...b?.data, onError: "branch" } }, a] },
    { ...graph, edges: [] },
    { ...graph, edges: [{ ...first, sourceHandle: "true" }] },
    { ...graph, edges: [{ ...first, data: {} }] },
    { ...graph, edges: [{ ...first, id: "x" }, { ...first, target: "c" }] },
    { ...graph, edges: [{ ...first, target: "c" }, { ...first, id: "x" }] },
    { ...graph, nodes: [{ ...b, data: { ...b?.data, undo: { type: "action.set" } } }, a] },
    { ...graph, nodes: [{ ...b, data: { ...b?.data, delivery: "at_most_once" } }, a] },
    { ...graph, settings: { timeoutSeconds: 5 } },
    { ...graph, settings: { errorFlowId: "f" } },
    { ...graph, settings: { maxConcurrentRuns: 5 } },
    { ...graph, settings: { concurrencyKey: "trigger.x" } },
    { ...graph, settings: { maxPerKey: 5 } },
    { ...graph, settings: { whenFull: "refuse" } },
    { ...graph, settings: { compensateOnCancel: true } },
  ].map((changed) => JSON.stringify(semanticGraph(changed)));
  assertEquals(new Set(changes).size, changes.length);
  for (const changed of changes) assertNotEquals(changed, JSON.stringify(semanticGraph(graph)));
});

Deno.test("semanticGraph() takes any JSON and is its own canonical form", () => {
  // The first found a key left out of an object that it then left empty.
  for (const seed of [1425321288, ...seeds()]) {
    const random = randomOf(seed);
    for (let count = 0; count < 500; count++) {
      const once = semanticGraph({ nodes: randomJson(random, 5), edges: [randomJson(random, 5)] });
      assertEquals(semanticGraph(once), once, `seed ${seed}`);
      semanticGraph(randomJson(random, 5));
    }
  }
});

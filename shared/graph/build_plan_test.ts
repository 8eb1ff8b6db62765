import { assertEquals } from "../../tests/helpers/assert.ts";
import { edge, graphOf, node, planOf, problemsOf } from "./_testing.ts";

const start = node("start", "trigger.webhook");

Deno.test("compile() makes a plan that says all the engine needs", () => {
  const call = node("call", "action.http", {
    label: " Call the shop ",
    config: { url: "https://example.com/{{ steps.start.output.id }}" },
    retry: { maxAttempts: 5 },
    onError: "branch",
  });
  const graph = graphOf([node("sorry"), call, start], [
    edge("start>call", "trigger.body.amount > 100"),
    edge("call:error>sorry", "steps.call.output.status == 500 || steps.start.output.strict"),
  ]);
  assertEquals(planOf(graph), {
    planVersion: 2,
    regions: [],
    timeoutSeconds: 86_400,
    triggers: [0],
    nodes: [
      {
        index: 0,
        id: "start",
        type: "trigger.webhook",
        label: "start",
        kind: "trigger",
        config: {},
        in: 0,
        predecessors: [],
        out: [{ from: 0, to: 1, slot: 0, handle: "out", condition: "trigger.body.amount > 100" }],
        reads: [],
        retry: { maxAttempts: 1, backoff: "exponential", delaySeconds: 2, maxDelaySeconds: 300, jitter: true },
        timeoutSeconds: 30,
        onError: "stop",
        region: null,
      },
      {
        index: 1,
        id: "call",
        type: "action.http",
        label: "Call the shop",
        kind: "effect",
        config: { url: "https://example.com/{{ steps.start.output.id }}" },
        in: 1,
        predecessors: [0],
        out: [{
          from: 1,
          to: 2,
          slot: 0,
          handle: "error",
          condition: "steps.call.output.status == 500 || steps.start.output.strict",
        }],
        reads: ["start"],
        retry: { maxAttempts: 5, backoff: "exponential", delaySeconds: 5, maxDelaySeconds: 60, jitter: true },
        timeoutSeconds: 20,
        onError: "branch",
        region: null,
      },
      {
        index: 2,
        id: "sorry",
        type: "action.set",
        label: "sorry",
        kind: "pure",
        config: {},
        in: 1,
        predecessors: [1],
        out: [],
        reads: [],
        retry: { maxAttempts: 1, backoff: "exponential", delaySeconds: 2, maxDelaySeconds: 300, jitter: true },
        timeoutSeconds: 30,
        onError: "stop",
        region: null,
      },
    ],
  });
});

Deno.test("compile() lets a join read all its predecessors, by slot in the order of the edges", () => {
  const nodes = [start, node("a"), node("b"), node("m", "logic.merge")];
  const plan = planOf(graphOf(nodes, ["start>a", "start>b", "b>m", "a>m"]));
  const merge = plan.nodes.find(({ id }) => id === "m");
  assertEquals(merge?.reads, ["a", "b"]);
  assertEquals(merge?.predecessors.map((index) => plan.nodes[index]?.id), ["b", "a"]);
  assertEquals(merge?.in, 2);
});

Deno.test("compile() leaves unreachable nodes and their edges out of the plan", () => {
  const graph = graphOf([start, node("a"), node("island")], ["start>a", "island>a"]);
  const plan = planOf(graph);
  assertEquals(plan.nodes.map(({ id }) => id), ["start", "a"]);
  assertEquals(plan.nodes[1]?.predecessors, [0]);
  assertEquals(problemsOf(graph).map(({ code }) => code), ["unreachable_node"]);
});

Deno.test("compile() refuses to read a step that no trigger leads to", () => {
  const reader = node("a", "action.set", { config: { x: "{{ steps.island.output }}" } });
  const problems = problemsOf(graphOf([start, reader, node("island")], ["start>a", "island>a"]));
  assertEquals(problems.map(({ code }) => code), ["not_an_ancestor", "unreachable_node"]);
});

Deno.test("compile() counts in-edges from every trigger", () => {
  const plan = planOf(graphOf([start, node("hand", "trigger.manual"), node("a")], ["start>a", "hand>a"]));
  assertEquals(plan.triggers, [0, 1]);
  assertEquals(plan.nodes[2]?.in, 2);
});

Deno.test("compile() gives edges without a handle the first of their node", () => {
  const plan = planOf(graphOf([start, node("if", "logic.if"), node("a")], ["start>if", "if>a"]));
  assertEquals(plan.nodes[1]?.out[0]?.handle, "true");
});

Deno.test("compile() fits the other delay to the one that the graph sets", () => {
  const data = [{ retry: { delaySeconds: 100 } }, { retry: { maxDelaySeconds: 1 } }];
  const nodes = data.map((item, index) =>
    node(`n${index}`, "action.http", { ...item, config: { url: "https://example.com" } })
  );
  const plan = planOf(graphOf([start, ...nodes], ["start>n0", "start>n1"]));
  assertEquals(plan.nodes.slice(1).map(({ retry }) => [retry.delaySeconds, retry.maxDelaySeconds]), [[100, 100], [
    1,
    1,
  ]]);
});

Deno.test("compile() makes the same plan whatever the layout and the order of the nodes", () => {
  const nodes = [start, node("a"), node("b"), node("c"), node("m", "logic.merge")];
  const edges = ["start>a", "start>b", "start>c", "c>m", "a>m", "b>m"];
  const moved = nodes.map((item, index) => ({
    ...item,
    position: { x: index * 100, y: -index },
    measured: { width: 10, height: 20 },
    selected: true,
    zIndex: index,
    style: { color: "red" },
    data: { ...item.data, color: "blue" },
  }));
  const drawnOtherwise = { ...graphOf(moved.toReversed(), edges), viewport: { x: 1, y: 2, zoom: 3 } };
  assertEquals(planOf(drawnOtherwise), planOf(graphOf(nodes, edges)));
});

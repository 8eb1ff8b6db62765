import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw, edge, planOf, problemsOf } from "./_testing.ts";
import { parsePlan } from "./plan.ts";
import type { Plan } from "./plan_types.ts";
import type { Graph } from "./types.ts";

/** Compiles, and checks that the plan survives being stored. */
function planned(graph: Graph): Plan {
  const plan = planOf(graph);
  assertEquals(parsePlan(JSON.parse(JSON.stringify(plan))), { ok: true, plan });
  return plan;
}

/** The edges of a plan as text: `a>b`, `a:body>b`, with `!` and the slot for exits and `+` for edges into bodies. */
function edgesOf({ nodes }: Plan): string[] {
  return nodes.flatMap((node) =>
    node.out.map(({ to, handle, exit, body, slot }) => {
      const marks = `${body === true ? "+" : ""}${exit === true ? `!${slot}` : ""}`;
      return `${node.id}${handle === "out" ? "" : `:${handle}`}>${nodes[to]?.id}${marks}`;
    })
  );
}

function nodeOf(plan: Plan, id: string) {
  const node = plan.nodes.find((known) => known.id === id);
  assert(node !== undefined, id);
  return node;
}

/** The id of the owner of the region that each node lives in. */
function livesIn(plan: Plan): Record<string, string | null> {
  return Object.fromEntries(plan.nodes.map(({ id, region }) => {
    const owner = region === null ? undefined : plan.regions[region]?.owner;
    return [id, owner === undefined ? null : plan.nodes[owner]?.id ?? null];
  }));
}

Deno.test("compile() finds the body of a splitter, its collector and its exits", () => {
  const plan = planned(draw("t>split>a>collect>z, split>b>collect, a>side"));
  assertEquals(livesIn(plan), {
    t: null,
    split: null,
    a: "split",
    b: "split",
    side: "split",
    collect: null,
    z: null,
  });
  assertEquals(edgesOf(plan), ["t>split", "split>a+", "split>b+", "a>collect!0", "a>side", "b>collect!1", "collect>z"]);
  assertEquals(plan.regions, [{ index: 0, kind: "splitter", owner: 1, closer: 5, parent: null, exits: 2 }]);
  const { in: count, predecessors, closes } = nodeOf(plan, "collect");
  assertEquals([count, predecessors, closes], [0, [], 0]);
  assertEquals(nodeOf(plan, "split").opens, 0);
});

Deno.test("compile() puts a body before its collector and before what follows its loop", () => {
  const plan = planned(draw("t>split>b>zside, split>y>a_end>collect>a1, t>each:body>z1>z2>each, each>a2"));
  const order = plan.nodes.map(({ id }) => id);
  const before = (first: string, then: string) => assert(order.indexOf(first) < order.indexOf(then), order.join());
  before("zside", "collect");
  before("z2", "a2");
});

Deno.test("compile() takes an edge back to the owner of a loop for an exit", () => {
  for (const owner of ["for", "while", "each", "try"]) {
    const plan = planned(draw(`t>${owner}:body>a>b>${owner}, a>side, ${owner}>z`));
    assertEquals(edgesOf(plan), [
      `t>${owner}`,
      `${owner}:body>a+`,
      `${owner}:done>z`,
      "a>b",
      "a>side",
      `b>${owner}!0`,
    ]);
    assertEquals(nodeOf(plan, owner).in, 1);
    assertEquals(plan.regions.map(({ closer, exits }) => [plan.nodes[closer]?.id, exits]), [[owner, 1]]);
  }
});

Deno.test("compile() gives a loop without exits one at each end of its body", () => {
  const plan = planned(draw("t>each:body>a>if1:true>b, a>http1:error>c, a>stop1, a>break1, each>z", {
    http1: { config: { url: "https://example.com" }, onError: "branch" },
  }));
  assertEquals(edgesOf(plan).filter((text) => text.includes("!")), ["http1>each!0", "c>each!1", "b>each!2"]);
  assertEquals(plan.regions[0]?.exits, 3);
});

Deno.test("compile() gives an end with several handles an exit for each", () => {
  const plan = planned(draw("t>each:body>if1"));
  assertEquals(edgesOf(plan), ["t>each", "each:body>if1+", "if1:true>each!0", "if1:false>each!1"]);
});

Deno.test("compile() takes closers of inner regions for ends", () => {
  const plan = planned(draw("t>each1:body>split>a>collect, each1:body>each2:body>b, each1:body>try:error>c"));
  assertEquals(edgesOf(plan).filter((text) => text.includes("!")), [
    "each2:done>each1!0",
    "b>each2!0",
    "a>collect!0",
    "collect>each1!1",
    "try:done>each1!2",
    "c>each1!3",
  ]);
});

Deno.test("compile() nests regions, each after the one around it", () => {
  const plan = planned(draw("t>split1>each1:body>split2>a>collect2>each1, each1>collect1>z"));
  assertEquals(
    plan.regions.map(({ owner, parent, closer }) => [plan.nodes[owner]?.id, parent, plan.nodes[closer]?.id]),
    [["split1", null, "collect1"], ["each1", 0, "each1"], ["split2", 1, "collect2"]],
  );
});

Deno.test("compile() leads the error of a splitter out of its region", () => {
  const plan = planned(draw("t>split:error>sorry>m, split>a>collect>m", { split: { onError: "branch" } }));
  assertEquals(livesIn(plan)["sorry"], null);
  assertEquals(nodeOf(plan, "m").in, 2);
});

Deno.test("compile() lets an edge both enter and leave a body", () => {
  const plan = planned(draw("t>split>collect, split>a>collect"));
  assertEquals(edgesOf(plan), ["t>split", "split>collect+!0", "split>a+", "a>collect!1"]);
});

Deno.test("compile() says that whoever reads an item reads the owner of its region", () => {
  const x = (text: string) => ({ config: { x: `{{ ${text} }}` } });
  const graph = draw("t>split>while:body>a, while>b>collect, split>each:body>c>d, each>collect", {
    while: x("item.more"),
    a: x("item.x + steps.split.output.index"),
    b: x("index"),
    each: x("item.lines"),
    c: x("[item, steps.each.output.index]"),
  });
  const conditional = { ...graph, edges: [...graph.edges, edge("split>e", "item.x > 1"), edge("c>f", "index > 1")] };
  conditional.nodes.push(...draw("e>f").nodes.filter(({ id }) => id === "e"), ...draw("f>e").nodes.slice(0, 1));
  const plan = planned(conditional);
  const reads = Object.fromEntries(plan.nodes.map((node) => [node.id, node.reads]));
  assertEquals(
    reads,
    { ...reads, while: [], a: ["split", "while"], b: ["split"], each: ["split"], c: ["each"], d: [], split: [] },
  );
});

Deno.test("compile() lets conditions of body edges read the item, and of others the item around", () => {
  const graph = draw("t>each1:body>each2:body>a, each2>b");
  const conditional = {
    ...graph,
    edges: graph.edges.map((drawn) =>
      drawn.source.startsWith("each") ? { ...drawn, data: { condition: "item" } } : drawn
    ),
  };
  const plan = planned(conditional);
  assertEquals(nodeOf(plan, "each2").reads, ["each1"]);
  assertEquals(nodeOf(plan, "each1").reads, []);
  const outside = {
    ...graph,
    edges: [...graph.edges, edge("each1>z", "item")],
    nodes: [...graph.nodes, ...draw("z>y").nodes],
  };
  assertEquals(problemsOf(outside).filter(({ severity }) => severity === "error").map(({ code }) => code), [
    "no_region",
  ]);
});

Deno.test("compile() names the callbacks that a node reads", () => {
  const plan = planned(draw("t>mail>wait1, t>each:body>mail2>wait2", {
    mail: { config: { x: "{{ callbacks.wait1 }}" } },
    mail2: { config: { x: '{{ callbacks["wait2"] }}' } },
    wait1: { config: { mode: "callback" } },
    wait2: { config: { mode: "callback" } },
  }));
  assertEquals(
    plan.nodes.filter(({ callbacks }) => callbacks !== undefined).map(({ id, callbacks }) => [id, callbacks]),
    [
      ["mail", ["wait1"]],
      ["mail2", ["wait2"]],
    ],
  );
});

Deno.test("compile() compiles what undoes a step, as a node of its own", () => {
  const plan = planned(draw("t>each:body>http1", {
    http1: {
      config: { url: "https://example.com" },
      delivery: "at_most_once",
      undo: {
        type: "action.http",
        config: { url: "{{ steps.http1.output.url + item + trigger.x + steps.t.output }}" },
        retry: { maxAttempts: 7 },
      },
    },
  }));
  const { undo, delivery, reads } = nodeOf(plan, "http1");
  assertEquals(undo, {
    type: "action.http",
    config: { url: "{{ steps.http1.output.url + item + trigger.x + steps.t.output }}" },
    reads: ["t", "each", "http1"],
    retry: { maxAttempts: 7, backoff: "exponential", delaySeconds: 5, maxDelaySeconds: 60, jitter: true },
    timeoutSeconds: 20,
  });
  assertEquals([delivery, reads], ["at_most_once", []]);
});

Deno.test("compile() checks what undoes a step", () => {
  const undo = {
    type: "action.http",
    config: { url: 5, x: "{{ steps.later.output + callbacks.later }}", y: "{{ }}" },
    retry: { delaySeconds: 9, maxDelaySeconds: 1 },
    timeoutSeconds: -1,
  };
  const problems = problemsOf(draw("t>a>later", { a: { undo } }));
  assertEquals(problems.map(({ code, path }) => `${code} ${path}`).sort(), [
    "config_invalid nodes[1].data.undo.config",
    "config_invalid nodes[1].data.undo.config.url",
    "expression_invalid nodes[1].data.undo.config.y",
    "no_callback nodes[1].data.undo.config.x",
    "not_an_ancestor nodes[1].data.undo.config.x",
    "retry_invalid nodes[1].data.undo.retry.maxDelaySeconds",
    "timeout_invalid nodes[1].data.undo.timeoutSeconds",
  ]);
});

Deno.test("compile() says how many answers a merge needs", () => {
  const plan = planned(draw("t>a>merge1, t>b>merge1, a>merge2, b>merge2", { merge1: { config: { need: 1 } } }));
  assertEquals([nodeOf(plan, "merge1").need, nodeOf(plan, "merge2").need], [1, undefined]);
});

Deno.test("compile() takes a path into the trigger for a concurrency key, and nothing else", () => {
  const settings = (concurrencyKey: string) => ({ ...draw("t>a"), settings: { concurrencyKey, maxPerKey: 2 } });
  for (const key of ["trigger.body.id", ' trigger["a b"][0].$x_1 ', " ", ""]) {
    assertEquals(problemsOf(settings(key)), []);
  }
  const others = [
    "trigger",
    "trigger.",
    "{{ trigger.id }}",
    "trigger.größe",
    "trigger['a']",
    "steps.t.output",
    "trigger.a + 1",
  ];
  for (const key of others) {
    assertEquals(problemsOf(settings(key)).map(({ code, path }) => [code, path]), [
      ["setting_invalid", "settings.concurrencyKey"],
    ], key);
  }
});

Deno.test("compile() says nothing false about regions behind types it does not know", () => {
  const unknown = (chains: string, ids: Record<string, string>) => {
    const graph = draw(chains);
    const nodes = graph.nodes.map((node) => ({ ...node, type: ids[node.id] ?? node.type }));
    return problemsOf({ ...graph, nodes }).map(({ code }) => code);
  };
  assertEquals(unknown("t>odd:body>a>odd, odd>z", { odd: "logic.loop.foraech" }), ["unknown_node_type"]);
  assertEquals(unknown("t>odd>a>collect>z", { odd: "logic.spliter" }), ["unknown_node_type"]);
  assertEquals(unknown("t>split>a>odd>z, t>z", { odd: "logic.colector" }), ["unknown_node_type"]);
});

Deno.test("compile() takes no loop that nothing leads to for a circle", () => {
  const problems = problemsOf(draw("t>a, for1:body>b>for2:body>c>for2, for2>for1"));
  assertEquals(new Set(problems.map(({ code }) => code)), new Set(["unreachable_node"]));
});

Deno.test("compile() still calls other ways back circles", () => {
  for (const chains of ["t>split>a>split, a>collect", "t>each:body>a>b>a", "t>each:body>a, each>z>each"]) {
    assertEquals(problemsOf(draw(chains)).map(({ code }) => code), ["cycle"], chains);
  }
});

Deno.test("compile() asks the node type what happens on errors when the graph does not say", () => {
  const plan = planned(draw("t>try1:body>a, try1:error>b, t>try2:body>c", { try2: { onError: "continue" } }));
  assertEquals([nodeOf(plan, "try1").onError, nodeOf(plan, "try2").onError], ["branch", "continue"]);
});

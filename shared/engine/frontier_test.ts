import { assertEquals } from "../../tests/helpers/assert.ts";
import type { Plan, PlanNode } from "../graph/mod.ts";
import { findTrigger, Frontier, toTarget } from "./frontier.ts";

/** A plan of nodes `a b c …` from edges like `a>b`, `a/true>b`. A name that begins with t is a trigger. */
function plan(...edges: string[]): Plan {
  const ids = [...new Set(edges.flatMap((edge) => edge.replace(/\/\w+/, "").split(">")))].sort();
  const nodes: PlanNode[] = ids.map((id, index) => ({
    index,
    id,
    type: id.startsWith("t") ? "trigger.manual" : "action.transform",
    label: id,
    kind: id.startsWith("t") ? "trigger" : "pure",
    config: {},
    in: 0,
    predecessors: [],
    out: [],
    reads: [],
    retry: { maxAttempts: 1, backoff: "fixed", delaySeconds: 0, maxDelaySeconds: 0, jitter: false },
    timeoutSeconds: 10,
    onError: "stop",
    region: null,
  }));
  for (const edge of edges) {
    const [, source, handle = "out", target] = /^(\w+?)(?:\/(\w+))?>(\w+)$/.exec(edge) ?? [];
    const from = nodes.find((node) => node.id === source)!;
    const to = nodes.find((node) => node.id === target)!;
    from.out.push({ from: from.index, to: to.index, slot: to.in, handle });
    to.predecessors.push(from.index);
    to.in++;
  }
  return {
    planVersion: 1,
    nodes,
    triggers: nodes.filter((node) => node.kind === "trigger").map((node) => node.index),
    regions: [],
    timeoutSeconds: 60,
  };
}

/** Takes everything off; nodes in `dead` answer all their edges dead. Names are `-x` where x is skipped. */
function exhaust(frontier: Frontier, dead: string[] = []): string[] {
  const seen: string[] = [];
  for (let at = frontier.take(); at !== undefined; at = frontier.take()) {
    const { node, live } = at;
    seen.push(live ? node.id : `-${node.id}`);
    frontier.answer(node, () => live && !dead.includes(node.id));
  }
  return seen;
}

Deno.test("Frontier runs a chain in order", () => {
  const p = plan("t>a", "a>b", "b>c");
  const frontier = Frontier.begin(p, p.nodes[3]!);
  assertEquals(exhaust(frontier), ["t", "a", "b", "c"]);
  assertEquals(frontier.arrivals(), []);
});

Deno.test("Frontier runs a join once, when every in-edge has answered", () => {
  const p = plan("t>a", "t>b", "a>c", "b>c");
  const frontier = Frontier.begin(p, p.nodes.find((node) => node.id === "t")!);
  assertEquals(exhaust(frontier), ["t", "a", "b", "c"]);
});

Deno.test("Frontier gives a join the slots over which the run came", () => {
  const p = plan("t>a", "t>b", "a>c", "b>c");
  const frontier = Frontier.begin(p, p.nodes.find((node) => node.id === "t")!);
  let join;
  for (let at = frontier.take(); at !== undefined; at = frontier.take()) {
    if (at.node.id === "c") join = at;
    const { node } = at;
    frontier.answer(node, () => node.id !== "a");
  }
  assertEquals(join?.slots, [1]);
  assertEquals(toTarget(p, join!, true).payload, { live: [1] });
});

Deno.test("Frontier skips a join whose every way is dead, and all that follows", () => {
  const p = plan("t>a", "a>b", "a>c", "b>d", "c>d", "d>e");
  const frontier = Frontier.begin(p, p.nodes.find((node) => node.id === "t")!);
  assertEquals(exhaust(frontier, ["a"]), ["t", "a", "-b", "-c", "-d", "-e"]);
});

Deno.test("Frontier answers the joins of triggers that did not fire", () => {
  const p = plan("t1>a", "t2>b", "a>c", "b>c");
  const frontier = Frontier.begin(p, p.nodes.find((node) => node.id === "t1")!);
  assertEquals(new Set(exhaust(frontier)), new Set(["-t2", "-b", "t1", "a", "c"]));
});

Deno.test("Frontier hands over the answers to a join that needs others", () => {
  const p = plan("t>a", "t>b", "a>c", "b>c");
  const frontier = Frontier.at(p, p.nodes.find((node) => node.id === "a")!);
  assertEquals(exhaust(frontier), ["a"]);
  assertEquals(frontier.arrivals(), [{ node: "c", expects: 2, live: [0], dead: [], reads: [] }]);
});

Deno.test("Frontier enters dead where the token says so", () => {
  const p = plan("t>a", "a>b");
  const frontier = Frontier.at(p, p.nodes.find((node) => node.id === "a")!, { dead: true });
  assertEquals(exhaust(frontier), ["-a", "-b"]);
});

Deno.test("findTrigger() prefers the named one, then one that fits, then the first", () => {
  const p = plan("t1>a", "t2>a");
  p.nodes.find((node) => node.id === "t2")!.type = "trigger.webhook";
  assertEquals(findTrigger(p, "manual", "t2")?.id, "t2");
  assertEquals(findTrigger(p, "webhook")?.id, "t2");
  assertEquals(findTrigger(p, "manual")?.id, "t1");
  assertEquals(findTrigger(p, "manual", "nowhere"), undefined);
});

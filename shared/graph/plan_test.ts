import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw, edge, graphOf, node, planOf } from "./_testing.ts";
import { parsePlan, PLAN_VERSION } from "./plan.ts";
import type { Json } from "./types.ts";

const plan = planOf(graphOf(
  [node("t", "trigger.manual"), node("a"), node("b"), node("m", "logic.merge")],
  [edge("t>a", "trigger.x"), "t>b", "a>m", "b>m"],
));

/** A plan with one place changed. */
function changed(path: (string | number)[], value: unknown, original = plan): unknown {
  const copy = JSON.parse(JSON.stringify(original)) as Json;
  let place = copy as { [key: string]: unknown };
  for (const key of path.slice(0, -1)) place = place[key] as { [key: string]: unknown };
  place[path.at(-1) ?? ""] = value;
  return copy;
}

Deno.test("parsePlan() gives back what compile() made", () => {
  assertEquals(parsePlan(JSON.parse(JSON.stringify(plan))), { ok: true, plan });
});

Deno.test("parsePlan() asks for a new compilation of another version's plan", () => {
  const result = parsePlan({ ...plan, planVersion: PLAN_VERSION + 1, nodes: "other" });
  assertEquals(result.ok ? null : result.reason, "version");
});

Deno.test("parsePlan() refuses what could mislead the engine", () => {
  const faults: [path: (string | number)[], value: unknown][] = [
    [["nodes"], null],
    [["extra"], 1],
    [["triggers"], []],
    [["triggers"], [1]],
    [["timeoutSeconds"], 0],
    [["nodes", 1, "index"], 2],
    [["nodes", 1, "id"], "t"],
    [["nodes", 1, "config"], []],
    [["nodes", 1, "kind"], "loop"],
    [["nodes", 1, "in"], 0],
    [["nodes", 1, "reads"], ["nobody"]],
    [["nodes", 1, "out", 0, "to"], 0],
    [["nodes", 1, "out", 0, "to"], 99],
    [["nodes", 1, "out", 0, "from"], 2],
    [["nodes", 1, "out", 0, "slot"], 1],
    [["nodes", 1, "out"], []],
    [["nodes", 1, "out", 1], { from: 1, to: 3, slot: 0, handle: "out" }],
    [["nodes", 3, "predecessors"], [1, 2, 2]],
    [["nodes", 1, "retry", "maxAttempts"], 0],
  ];
  for (const [path, value] of faults) {
    const result = parsePlan(changed(path, value));
    assert(!result.ok && result.reason === "malformed" && result.message !== "", path.join("."));
  }
  for (const junk of [null, undefined, 1, "plan", [], {}, { planVersion: "1" }]) assert(!parsePlan(junk).ok);
});

Deno.test("parsePlan() refuses regions that do not hold together", () => {
  // 0 t, 1 split1, 2 a, 3 each1, 4 x, 5 collect1, 6 z
  const nested = planOf(draw("t>split1>a>each1:body>x>each1, each1>collect1>z, split1>collect1"));
  assertEquals(nested.nodes.map(({ id }) => id), ["t", "split1", "a", "each1", "x", "collect1", "z"]);
  const out = (from: number, edge: number) => ["nodes", from, "out", edge];
  const faults: [path: (string | number)[], value: unknown][] = [
    [["regions"], []],
    [["regions"], null],
    [["regions", 0, "index"], 1],
    [["regions", 0, "kind"], "for"],
    [["regions", 0, "owner"], 0],
    [["regions", 0, "closer"], 1],
    [["regions", 0, "closer"], 99],
    [["regions", 0, "exits"], 3],
    [["regions", 0, "exits"], 1],
    [["regions", 0, "exits"], 1e15],
    [["regions", 1, "parent"], null],
    [["regions", 1, "parent"], 1],
    [["regions", 1, "kind"], "splitter"],
    [["nodes", 1, "opens"], undefined],
    [["nodes", 2, "opens"], 0],
    [["nodes", 5, "closes"], undefined],
    [["nodes", 6, "closes"], 0],
    [["nodes", 2, "region"], null],
    [["nodes", 2, "region"], 7],
    [["nodes", 6, "region"], 0],
    [["nodes", 6, "need"], 2],
    [["nodes", 6, "callbacks"], ["nobody"]],
    [["nodes", 6, "delivery"], "at_least_once"],
    [["nodes", 6, "undo"], {
      type: "action.set",
      config: {},
      reads: ["nobody"],
      retry: nested.nodes[0]?.retry,
      timeoutSeconds: 1,
    }],
    [[...out(1, 0), "body"], undefined],
    [[...out(1, 1), "exit"], undefined],
    [[...out(2, 0), "body"], true],
    [[...out(2, 0), "exit"], true],
    [[...out(4, 0), "to"], 1],
    [[...out(4, 0), "slot"], 1],
    [[...out(4, 0), "exit"], undefined],
    [[...out(3, 0), "handle"], "done"],
  ];
  for (const [path, value] of faults) {
    const result = parsePlan(changed(path, value, nested));
    assert(!result.ok && result.reason === "malformed" && result.message !== "", path.join("."));
  }
});

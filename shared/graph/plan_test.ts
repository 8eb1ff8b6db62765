import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { edge, graphOf, node, planOf } from "./_testing.ts";
import { parsePlan, PLAN_VERSION } from "./plan.ts";
import type { Json } from "./types.ts";

const plan = planOf(graphOf(
  [node("t", "trigger.manual"), node("a"), node("b"), node("m", "logic.merge")],
  [edge("t>a", "trigger.x"), "t>b", "a>m", "b>m"],
));

/** The plan with one place changed. */
function changed(path: (string | number)[], value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(plan)) as Json;
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

import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import type { Json, JsonObject } from "../graph/mod.ts";
import { NodeError } from "../providers/mod.ts";
import { outputOf, run } from "./_test_context.ts";
import { checkNodeConfig } from "./check_config.ts";
import type { Operator } from "./comparison.ts";
import { logicIf } from "./logic_if.ts";
import { logicMerge } from "./logic_merge.ts";
import { logicStop } from "./logic_stop.ts";
import { logicSwitch } from "./logic_switch.ts";
import { triggerManual } from "./trigger_manual.ts";
import { triggerWebhook } from "./trigger_webhook.ts";

async function decide(config: JsonObject): Promise<string> {
  const { output, handles } = await run(logicIf, config);
  assertEquals(output, { result: handles?.[0] === "true" });
  return handles?.join() ?? "";
}

Deno.test("triggers give the run's input", async () => {
  assertEquals(await outputOf(triggerWebhook, {}, { trigger: { body: 1 } }), { body: 1 });
  assertEquals(await outputOf(triggerManual, { sampleInput: 2 }, { trigger: "in" }), "in");
});

Deno.test("if follows an expression: null, false, 0 and empty text are false", async () => {
  for (const value of [null, false, 0, ""]) assertEquals(await decide({ condition: value }), "false");
  for (const value of [true, 1, "false", [], {}]) assertEquals(await decide({ condition: value }), "true");
});

Deno.test("if joins comparisons with and / or", async () => {
  const yes = { left: 1, right: 1 };
  const no = { left: 1, right: 2 };
  assertEquals(await decide({ conditions: [yes, yes] }), "true");
  assertEquals(await decide({ conditions: [yes, no] }), "false");
  assertEquals(await decide({ conditions: [yes, no], combine: "or" }), "true");
  assertEquals(await decide({ conditions: [no, no], combine: "or" }), "false");
});

Deno.test("if wants a condition or conditions, not both and not none", () => {
  assertEquals(checkNodeConfig(logicIf, {}).length, 1);
  assertEquals(checkNodeConfig(logicIf, { condition: true, conditions: [{ left: 1 }] }).length, 1);
  assertEquals(checkNodeConfig(logicIf, { conditions: [] }).length, 1);
  assertEquals(checkNodeConfig(logicIf, { condition: "{{ trigger.x }}" }), []);
});

Deno.test("comparisons convert nothing", async () => {
  const cases: [Json, Operator, Json, boolean][] = [
    [5, "equals", 5, true],
    [5, "equals", "5", false],
    [{ a: 1, b: [2] }, "equals", { b: [2], a: 1 }, true],
    [null, "not_equals", false, true],
    [2, "greater", 1, true],
    ["2", "greater", 1, false],
    ["b", "greater", "a", true],
    [null, "less", 1, false],
    [[1], "less", [2], false],
    [1, "greater_or_equal", 1, true],
    [1, "less_or_equal", 0, false],
    ["2026-11-20", "less", "2026-12-01", true],
    ["hello", "contains", "ell", true],
    [["a", { b: 1 }], "contains", { b: 1 }, true],
    [{ key: 1 }, "contains", "key", true],
    [{}, "contains", "toString", false],
    [5, "contains", "5", false],
    ["hello", "not_contains", "x", true],
    ["hello", "starts_with", "he", true],
    ["hello", "ends_with", "lo", true],
    [["h"], "starts_with", "h", false],
    ["order-42", "matches", "^order-\\d+$", true],
    ["an order-42!", "matches", "order-\\d+", true],
    ["ORDER", "matches", "order", false],
    [42, "matches", "4", false],
    ["a", "in", ["a", "b"], true],
    ["c", "not_in", ["a", "b"], true],
    ["a", "in", "cat", true],
    [0, "exists", null, true],
    [null, "not_exists", null, true],
    ["", "is_empty", null, true],
    [[], "is_empty", null, true],
    [{}, "is_empty", null, true],
    [0, "is_empty", null, false],
    [[0], "is_not_empty", null, true],
    ["x", "is_true", null, true],
    [0, "is_false", null, true],
  ];
  for (const [left, operator, right, expected] of cases) {
    assertEquals(
      await decide({ conditions: [{ left, operator, right }] }),
      String(expected),
      JSON.stringify({ left, operator, right }),
    );
  }
});

Deno.test("matches refuses a malformed pattern and cannot be made slow", async () => {
  const config = (pattern: string) => ({
    conditions: [{ left: "a".repeat(50_000), operator: "matches", right: pattern }],
  });
  const error = await assertRejects(() => run(logicIf, config("(")), NodeError);
  assertEquals(error.code, "node_config_invalid");
  assertEquals(await decide(config("(a+)+$")), "true");
  assertEquals(await decide(config("^(a|aa)+!$")), "false");
});

const PLANS = [{ name: "free", right: "free" }, { name: "paid", operator: "in", right: ["pro", "team"] }, {
  name: "any",
  operator: "exists",
}];

Deno.test("switch goes on at the first case that holds, at all, or at default", async () => {
  assertEquals((await run(logicSwitch, { value: "pro", cases: PLANS })).handles, ["paid"]);
  assertEquals((await run(logicSwitch, { value: "pro", cases: PLANS, mode: "all" })).handles, ["paid", "any"]);
  assertEquals(await run(logicSwitch, { value: null, cases: PLANS }), {
    output: { matched: ["default"] },
    handles: ["default"],
  });
});

Deno.test("switch tells its handles even from a config that is not valid", () => {
  const handles = logicSwitch.handles ?? (() => []);
  assertEquals(handles({ cases: PLANS }), ["free", "paid", "any", "default"]);
  assertEquals(handles({}), ["default"]);
  assertEquals(handles({ cases: "x" }), ["default"]);
  assertEquals(handles({ cases: [null, 1, {}, { name: 5 }, { name: "a" }, { name: "a" }, { name: "default" }] }), [
    "a",
    "default",
  ]);
});

Deno.test("switch refuses names that clash", () => {
  const paths = (cases: Json) => checkNodeConfig(logicSwitch, { cases }).map((issue) => issue.path.join("."));
  assertEquals(paths([{ name: "a" }, { name: "a" }]), ["cases.1.name"]);
  assertEquals(paths([{ name: "default" }, { name: "error" }, { name: "a b" }]), [
    "cases.0.name",
    "cases.1.name",
    "cases.2.name",
  ]);
  assertEquals(paths([]), ["cases"]);
});

Deno.test("merge combines the live branches in the order of their edges", async () => {
  const inputs = [{ nodeId: "a", output: [{ x: 1 }, { y: 1 }] }, { nodeId: "b", output: { x: 2, z: 2 } }, {
    nodeId: "c",
    output: null,
  }];
  assertEquals(await outputOf(logicMerge, {}, { inputs }), [{ x: 1 }, { y: 1 }, { x: 2, z: 2 }, null]);
  assertEquals(await outputOf(logicMerge, { combine: "by_node" }, { inputs }), {
    a: [{ x: 1 }, { y: 1 }],
    b: { x: 2, z: 2 },
    c: null,
  });
  assertEquals(await outputOf(logicMerge, { combine: "by_position" }, { inputs: inputs.slice(0, 2) }), [
    { x: 2, z: 2 },
    { y: 1 },
  ]);
  assertEquals(await outputOf(logicMerge, {}, { inputs: [] }), []);
});

Deno.test("stop ends the run with its status, message and output", async () => {
  assertEquals(await run(logicStop, {}), { output: null, stop: { status: "completed" } });
  assertEquals(await run(logicStop, { status: "failed", message: "No stock", output: { left: 0 } }), {
    output: { left: 0 },
    stop: { status: "failed", message: "No stock" },
  });
});

Deno.test("a config that does not fit after its expressions were resolved fails for good", async () => {
  const error = await assertRejects(() => run(logicStop, { status: "maybe", extra: 1 }), NodeError);
  assertEquals([error.code, error.retryable], ["node_config_invalid", false]);
  assertEquals((error.details as { issues: unknown[] }).issues.length, 2);
});

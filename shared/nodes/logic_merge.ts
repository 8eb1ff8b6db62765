import { z } from "zod";
import type { Json, JsonObject } from "../graph/mod.ts";
import { Budget } from "./budget.ts";
import { defineNode } from "./define_node.ts";
import { isObject, json } from "./json_values.ts";
import type { NodeInput } from "./types.ts";

/** Brings branches together; the engine lets it run once every incoming edge has answered. */
export const logicMerge = defineNode({
  type: "logic.merge",
  title: "Merge",
  description: "Waits for all branches that are still alive and combines what they gave.",
  category: "logic",
  kind: "pure",
  joins: true,
  configSchema: z.strictObject({
    combine: z.enum(["append", "by_node", "by_position"]).default("append").describe(
      "append: one list, lists joined end to end; by_node: an object by node id; " +
        "by_position: a list whose elements are merged, first with first, second with second",
    ),
  }),
  outputSchema: json,
  exampleConfig: { combine: "by_node" },
  exampleInput: { steps: { left: { total: 1 }, right: { total: 2 } } },
  execute({ combine }, { inputs }) {
    const output = combineInputs(combine, inputs);
    new Budget().measure(output);
    return { output };
  },
});

function combineInputs(combine: "append" | "by_node" | "by_position", inputs: NodeInput[]): Json {
  if (combine === "by_node") return Object.fromEntries(inputs.map(({ nodeId, output }) => [nodeId, output]));
  const lists = inputs.map(({ output }) => Array.isArray(output) ? output : [output]);
  if (combine === "append") return lists.flat(1);
  const length = Math.max(0, ...lists.map((list) => list.length));
  return Array.from(
    { length },
    (_, index) => mergeAll(lists.flatMap((list) => index < list.length ? [list[index] ?? null] : [])),
  );
}

/** Objects become one, later keys win; where something else is among them, the last value wins. */
function mergeAll(values: Json[]): Json {
  if (!values.every((value) => isObject(value))) return values.at(-1) ?? null;
  const merged: JsonObject = {};
  for (const value of values) {
    for (const [key, item] of Object.entries(value)) if (key !== "__proto__") merged[key] = item;
  }
  return merged;
}

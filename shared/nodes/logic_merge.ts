import { z } from "zod";
import type { Json, JsonObject } from "../graph/mod.ts";
import { Budget } from "./budget.ts";
import { defineNode } from "./define_node.ts";
import { isObject, json } from "./json_values.ts";
import { assignSafely, joinByKey } from "./merge/join_by_key.ts";
import type { NodeInput } from "./types.ts";

/** Edges that may lead into one node: more answers than that can not be asked for. */
const MAX_ANSWERS = 2_000;

const configSchema = z.strictObject({
  wait: z.union([z.enum(["all", "first"]), z.strictObject({ atLeast: z.int().min(1).max(MAX_ANSWERS) })]).default("all")
    .describe(
      "Runs when all branches have answered, the first that is alive, or k of those; what comes later is dropped. " +
        "No expression: it is part of the plan",
    ),
  combine: z.enum(["append", "by_node", "by_position", "by_key"]).default("append").describe(
    "append: one list, lists joined end to end; by_node: an object by node id; " +
      "by_position: a list whose elements are merged, first with first, second with second; " +
      "by_key: a list whose elements are merged when they have the same value at key",
  ),
  key: z.string().min(1).max(1_024).optional().describe("by_key: path of the field, such as customer.id"),
}).refine(({ combine, key }) => combine !== "by_key" || key !== undefined, {
  path: ["key"],
  message: "To combine by key, name the field",
});
type MergeConfig = z.output<typeof configSchema>;

/** Brings branches together; the engine lets it run once enough incoming edges have answered. */
export const logicMerge = defineNode({
  type: "logic.merge",
  title: "Merge",
  description: "Waits for all branches that are alive, for the first, or for some, and combines what they gave.",
  category: "logic",
  kind: "pure",
  joins: true,
  configSchema,
  outputSchema: json,
  need: needOf,
  exampleConfig: { combine: "by_node" },
  exampleInput: { steps: { left: { total: 1 }, right: { total: 2 } } },
  execute(config, { inputs }) {
    const output = combineInputs(config, inputs);
    new Budget().measure(output);
    return { output };
  },
});

/** Must answer for any object: the schema reports what is wrong with it. */
function needOf({ wait }: JsonObject): "all" | number {
  if (wait === "first") return 1;
  const least = isObject(wait) ? wait["atLeast"] : undefined;
  return typeof least === "number" && Number.isInteger(least) && least >= 1 ? least : "all";
}

function combineInputs({ combine, key }: MergeConfig, inputs: NodeInput[]): Json {
  if (combine === "by_node") return Object.fromEntries(inputs.map(({ nodeId, output }) => [nodeId, output]));
  const lists = inputs.map(({ output }) => Array.isArray(output) ? output : [output]);
  if (combine === "append") return lists.flat(1);
  return combine === "by_key" ? joinByKey(lists, key ?? "") : joinByPosition(lists);
}

function joinByPosition(lists: Json[][]): Json[] {
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
  for (const value of values) assignSafely(merged, value);
  return merged;
}

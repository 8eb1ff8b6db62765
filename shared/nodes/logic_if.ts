import { z } from "zod";
import { Budget } from "./budget.ts";
import { comparisonSchema, holds } from "./comparison.ts";
import { defineNode } from "./define_node.ts";
import { isObject, isTruthy, json } from "./json_values.ts";

const configSchema = z.strictObject({
  condition: json.optional().describe("An expression; false are null, false, 0 and empty text"),
  conditions: z.array(comparisonSchema).min(1).max(50).optional().describe("Comparisons instead of an expression"),
  combine: z.enum(["and", "or"]).default("and").describe("Whether all comparisons must hold or one is enough"),
}).refine((config) => (config.condition === undefined) !== (config.conditions === undefined), {
  message: "Give either a condition or a list of conditions",
});

/** Two ways on: one when the condition holds, one when not. */
export const logicIf = defineNode({
  type: "logic.if",
  title: "If",
  description: "Goes on at true or at false, by an expression or by comparisons joined with and / or.",
  category: "logic",
  kind: "pure",
  configSchema,
  outputSchema: z.object({ result: z.boolean() }),
  handles: () => ["true", "false"],
  handlesOfOutput: (output) => [String(isObject(output) && isTruthy(output["result"] ?? null))],
  exampleConfig: {
    conditions: [{ left: "{{ trigger.body.amount }}", operator: "greater", right: 100 }],
    combine: "and",
  },
  exampleInput: { trigger: { body: { amount: 250 } } },
  execute({ condition, conditions, combine }) {
    const result = conditions === undefined ? isTruthy(condition ?? null) : decide(conditions, combine);
    return { output: { result }, handles: [String(result)] };
  },
});

function decide(conditions: z.output<typeof comparisonSchema>[], combine: "and" | "or"): boolean {
  const budget = new Budget();
  const test = (comparison: z.output<typeof comparisonSchema>) => holds(comparison, budget);
  return combine === "and" ? conditions.every(test) : conditions.some(test);
}

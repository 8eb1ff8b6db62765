import { z } from "zod";
import { Budget } from "./budget.ts";
import { defineNode } from "./define_node.ts";
import { json } from "./json_values.ts";
import { applyOperation, operationSchema } from "./transform/mod.ts";

/** Reshapes data without code. */
export const actionTransform = defineNode({
  type: "action.transform",
  title: "Transform",
  description:
    "Reshapes data by a list of operations: set, find, pick, rename, map, filter, group, sort, reduce and more.",
  category: "action",
  kind: "pure",
  configSchema: z.strictObject({
    input: json.default({}).describe("What to begin with, usually an expression; an empty object when absent"),
    operations: z.array(operationSchema).max(50).default([]).describe("Done one after the other"),
  }),
  outputSchema: json,
  exampleConfig: {
    input: "{{ trigger.body.items }}",
    operations: [
      { op: "filter", where: "@.price > 10" },
      { op: "map", fields: { name: "$.name", price: "$.price" } },
      { op: "sort", by: "price", order: "desc" },
    ],
  },
  exampleInput: { trigger: { body: { items: [{ name: "Pen", price: 2 }, { name: "Lamp", price: 40, stock: 3 }] } } },
  execute({ input, operations }) {
    const budget = new Budget();
    const output = operations.reduce((value, operation) => applyOperation(value, operation, budget), input);
    return { output };
  },
});

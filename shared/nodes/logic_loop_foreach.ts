import { z } from "zod";
import { NodeError } from "../providers/mod.ts";
import { defineNode } from "./define_node.ts";
import { json } from "./json_values.ts";
import { closeLoop, loopOutputSchema, MAX_ITEMS, openLoop, REGION_HANDLES } from "./region/loop.ts";

/** Runs its body for each element of a list, one after the other. */
export const logicLoopForeach = defineNode({
  type: "logic.loop.foreach",
  title: "For each",
  description:
    "Runs its body once for each element of a list, one after the other. The element is `item`, its place `index`. " +
    "To run several at once take a splitter.",
  category: "logic",
  kind: "pure",
  region: "foreach",
  configSchema: z.strictObject({
    items: z.array(json).describe("The list, usually an expression"),
    maxItems: z.int().min(1).max(MAX_ITEMS).default(MAX_ITEMS).describe("A longer list makes the loop fail"),
  }),
  outputSchema: loopOutputSchema,
  handles: () => [...REGION_HANDLES],
  exampleConfig: { items: "{{ trigger.body.lines }}", maxItems: 500 },
  exampleInput: { trigger: { body: { lines: ["a", "b"] } } },
  execute({ items, maxItems }, { region }) {
    if (region !== null) return closeLoop(region);
    if (items.length > maxItems) {
      throw new NodeError(`The list has ${items.length} elements, more than ${maxItems}`, { code: "loop_limit" });
    }
    return openLoop(items);
  },
});

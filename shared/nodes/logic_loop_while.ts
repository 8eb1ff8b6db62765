import { z } from "zod";
import { NodeError } from "../providers/mod.ts";
import { defineNode } from "./define_node.ts";
import { isTruthy, json } from "./json_values.ts";
import { closeLoop, loopOutputSchema, MAX_ITEMS, openLoop, REGION_HANDLES } from "./region/loop.ts";

/** Runs its body as long as a condition holds. */
export const logicLoopWhile = defineNode({
  type: "logic.loop.while",
  title: "While loop",
  description:
    "Runs its body again and again while a condition holds. It is looked at before each iteration, with what the " +
    "iteration before gave as `item` (null at first) and the number of iterations so far as `index`.",
  category: "logic",
  kind: "pure",
  region: "while",
  configSchema: z.strictObject({
    condition: json.describe("An expression; false are null, false, 0 and empty text"),
    maxIterations: z.int().min(1).max(MAX_ITEMS).default(1_000).describe("A loop that would run more often fails"),
  }),
  outputSchema: loopOutputSchema,
  handles: () => [...REGION_HANDLES],
  exampleConfig: { condition: "{{ index == 0 || item.next_page != null }}", maxIterations: 50 },
  // The config was resolved anew for this call, with `item` and `index` as they are now.
  execute({ condition, maxIterations }, { region, again }) {
    if (region !== null) return closeLoop(region);
    // Nothing more goes in: the region closes, and the node is run once more with all that came of it.
    if (!isTruthy(condition)) return openLoop([]);
    const count = again === null ? 0 : again.index + 1;
    if (count >= maxIterations) {
      throw new NodeError(`The condition still held after ${count} iterations`, { code: "loop_limit" });
    }
    return openLoop([again?.last ?? null], true);
  },
});

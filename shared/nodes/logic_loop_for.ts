import { z } from "zod";
import { NodeError } from "../providers/mod.ts";
import { defineNode } from "./define_node.ts";
import { closeLoop, loopOutputSchema, MAX_ITEMS, openLoop, REGION_HANDLES } from "./region/loop.ts";

/** Runs its body once for each number. */
export const logicLoopFor = defineNode({
  type: "logic.loop.for",
  title: "For loop",
  description: "Runs its body once for each number from one to another, both included. The number is `item`.",
  category: "logic",
  kind: "pure",
  region: "for",
  configSchema: z.strictObject({
    from: z.number().default(1).describe("The first number"),
    to: z.number().describe("The last number, included when a step leads to it"),
    step: z.number().refine((step) => step !== 0, "A step of 0 never ends").default(1).describe(
      "What is added each time; a negative one counts down",
    ),
    maxIterations: z.int().min(1).max(MAX_ITEMS).default(1_000).describe("A loop that would run more often fails"),
  }),
  outputSchema: loopOutputSchema,
  handles: () => [...REGION_HANDLES],
  exampleConfig: { from: 1, to: "{{ trigger.body.pages }}", maxIterations: 100 },
  exampleInput: { trigger: { body: { pages: 3 } } },
  execute({ from, to, step, maxIterations }, { region }) {
    if (region !== null) return closeLoop(region);
    const count = countOf(from, to, step);
    if (count > maxIterations) {
      throw new NodeError(`The loop would run ${count} times, more than ${maxIterations}`, { code: "loop_limit" });
    }
    // Multiplied, not added up: errors of rounding do not grow.
    return openLoop(Array.from({ length: count }, (_, index) => from + index * step));
  },
});

/** With some room for rounding: from 0 to 0.3 by 0.1 are four numbers. */
function countOf(from: number, to: number, step: number): number {
  return Math.max(0, Math.floor((to - from) / step + 1e-9) + 1);
}

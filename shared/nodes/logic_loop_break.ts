import { z } from "zod";
import { defineNode } from "./define_node.ts";

/** Ends the loop around it. */
export const logicLoopBreak = defineNode({
  type: "logic.loop.break",
  title: "Break",
  description: "Ends the loop around it: this iteration is finished, no other begins. Nothing follows it.",
  category: "logic",
  kind: "pure",
  terminal: true,
  breaks: true,
  configSchema: z.strictObject({}),
  outputSchema: z.null(),
  exampleConfig: {},
  execute: () => ({ output: null, break: true }),
});

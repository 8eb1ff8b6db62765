import { z } from "zod";
import { defineNode } from "./define_node.ts";
import { json } from "./json_values.ts";

/** Starts a run when a step of another flow asks for it. */
export const triggerFlow = defineNode({
  type: "trigger.flow",
  title: "Called by a flow",
  description: "Starts the flow when a sub-flow node of another flow calls it. Gives the input of that node.",
  category: "trigger",
  kind: "trigger",
  configSchema: z.strictObject({
    sampleInput: json.optional().describe("Input that the editor offers when the flow is started by hand"),
  }),
  outputSchema: json,
  exampleConfig: { sampleInput: { order: 42 } },
  exampleInput: { trigger: { order: 42 } },
  execute: (_config, context) => ({ output: context.trigger }),
});

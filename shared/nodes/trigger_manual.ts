import { z } from "zod";
import { defineNode } from "./define_node.ts";
import { json } from "./json_values.ts";

/** Starts a run when a person or a program asks for it. */
export const triggerManual = defineNode({
  type: "trigger.manual",
  title: "Manual start",
  description: "Starts the flow from a button or an API call. Gives the input that the call brought.",
  category: "trigger",
  kind: "trigger",
  configSchema: z.strictObject({
    sampleInput: json.optional().describe("Input that the editor offers when the flow is started by hand"),
  }),
  outputSchema: json,
  exampleConfig: { sampleInput: { name: "Ada" } },
  exampleInput: { trigger: { name: "Ada" } },
  execute: (_config, context) => ({ output: context.trigger }),
});

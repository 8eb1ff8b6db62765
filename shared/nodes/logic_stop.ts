import { z } from "zod";
import { defineNode } from "./define_node.ts";
import { json } from "./json_values.ts";

/** Ends the run here, with success or failure. */
export const logicStop = defineNode({
  type: "logic.stop",
  title: "Stop",
  description: "Ends the run at once, as completed or as failed, with a message and an output.",
  category: "logic",
  kind: "pure",
  terminal: true,
  configSchema: z.strictObject({
    status: z.enum(["completed", "failed"]).default("completed").describe("How the run ends"),
    message: z.string().max(2_000).optional().describe("What people read about the end"),
    output: json.default(null).describe("Output of the step, and so of the run"),
  }),
  outputSchema: json,
  exampleConfig: { status: "failed", message: "No stock left" },
  execute({ status, message, output }) {
    return { output, stop: message === undefined ? { status } : { status, message } };
  },
});

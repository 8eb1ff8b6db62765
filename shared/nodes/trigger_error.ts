import { z } from "zod";
import { defineNode } from "./define_node.ts";
import { json } from "./json_values.ts";

/** Starts a run when a run of a flow that names this one as its error flow has failed. */
export const triggerError = defineNode({
  type: "trigger.error",
  title: "Failed run",
  description: "Starts the flow when a run of another flow, which names it as its error flow, has failed.",
  category: "trigger",
  kind: "trigger",
  configSchema: z.strictObject({}),
  outputSchema: z.object({
    run_id: z.string().describe("The run that failed"),
    flow_id: z.string().describe("Its flow"),
    error: z.object({
      code: z.string(),
      message: z.string(),
      node_id: z.string().optional().describe("The node that failed"),
      details: json.optional(),
    }),
    input: json.optional().describe("The input of that run"),
    failed_at: z.string().optional().describe("When it ended, ISO 8601"),
  }),
  exampleConfig: {},
  exampleInput: {
    trigger: {
      run_id: "0193a000-0000-7000-8000-000000000006",
      flow_id: "0193a000-0000-7000-8000-000000000002",
      error: { code: "http_error", message: "The server answered 503", node_id: "pay" },
      input: { order: 42 },
      failed_at: "2026-11-20T12:00:00.000Z",
    },
  },
  execute: (_config, context) => ({ output: context.trigger }),
});

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
    run: z.object({
      id: z.string().describe("The run that failed"),
      flow_id: z.string(),
      status: z.string().describe("failed, or compensated or compensation_failed when it undid what it did"),
      trigger: z.string().describe("What had started it"),
      started_at: z.string().nullable(),
      finished_at: z.string().nullable(),
    }),
    error: z.object({
      code: z.string(),
      message: z.string(),
      node_id: z.string().optional().describe("The node that failed"),
      details: json.optional(),
    }),
    input: json.describe("The input of that run"),
  }),
  exampleConfig: {},
  exampleInput: {
    trigger: {
      run: {
        id: "0193a000-0000-7000-8000-000000000006",
        flow_id: "0193a000-0000-7000-8000-000000000002",
        status: "failed",
        trigger: "webhook",
        started_at: "2026-11-20T12:00:00.000Z",
        finished_at: "2026-11-20T12:00:03.000Z",
      },
      error: { code: "http_error", message: "The server answered 503", node_id: "pay" },
      input: { order: 42 },
    },
  },
  execute: (_config, context) => ({ output: context.trigger }),
});

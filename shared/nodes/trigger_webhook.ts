import { z } from "zod";
import { defineNode } from "./define_node.ts";
import { json } from "./json_values.ts";

/** Starts a run for each event that a webhook endpoint of the flow receives. */
export const triggerWebhook = defineNode({
  type: "trigger.webhook",
  title: "Webhook",
  description: "Starts the flow when a signed webhook arrives. Gives the event: its type, headers, query and body.",
  category: "trigger",
  kind: "trigger",
  configSchema: z.strictObject({}),
  outputSchema: z.object({
    event_id: z.string().describe("Id of the event in the log of its endpoint"),
    type: z.string().nullable().describe("Type of the event as the sender names it"),
    headers: z.record(z.string(), z.string()),
    query: z.record(z.string(), json),
    method: z.string(),
    body: json,
    received_at: z.string().describe("When it was received, ISO 8601"),
    test: z.literal(true).optional().describe("There when the event came to the endpoint's test address"),
  }),
  exampleConfig: {},
  exampleInput: {
    trigger: {
      event_id: "0193a000-0000-7000-8000-000000000001",
      type: "checkout.session.completed",
      headers: { "content-type": "application/json" },
      query: {},
      method: "POST",
      body: { id: "evt_1", data: { object: { amount_total: 4200, customer_email: "ada@example.com" } } },
      received_at: "2026-11-20T12:00:00.000Z",
    },
  },
  execute: (_config, context) => ({ output: context.trigger }),
});

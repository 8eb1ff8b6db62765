import { z } from "zod";
import { defineNode } from "./define_node.ts";
import { json } from "./json_values.ts";

/** Starts a run for each event of the platform that the flow listens to. */
export const triggerEvent = defineNode({
  type: "trigger.event",
  title: "Event",
  description: "Starts the flow when something happens inside: a row of a table is added, changed or removed.",
  category: "trigger",
  kind: "trigger",
  configSchema: z.strictObject({
    types: z.array(z.string().min(1).max(200)).max(50).default([]).describe(
      "Types of events that it is meant for, such as entity.created; empty = all that are sent to the flow",
    ),
  }),
  outputSchema: z.object({
    event_id: z.string().describe("Id of the event"),
    type: z.string().describe("What happened, such as entity.created"),
    data: json.describe("The thing it happened to"),
    occurred_at: z.string().describe("When, ISO 8601"),
  }),
  exampleConfig: { types: ["entity.created"] },
  exampleInput: {
    trigger: {
      event_id: "0193a000-0000-7000-8000-000000000004",
      type: "entity.created",
      data: { id: "0193a000-0000-7000-8000-000000000005", name: "Ada" },
      occurred_at: "2026-11-20T12:00:00.000Z",
    },
  },
  execute: (_config, context) => ({ output: context.trigger }),
});

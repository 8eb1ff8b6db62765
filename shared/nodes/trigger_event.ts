import { z } from "zod";
import { defineNode } from "./define_node.ts";
import { json } from "./json_values.ts";

const row = z.record(z.string(), json).nullable();

/** Starts a run when rows of a table change: see engine.on_change. */
export const triggerEvent = defineNode({
  type: "trigger.event",
  title: "Event",
  description:
    "Starts the flow when rows of a table are added, changed or removed. Gives the rows and who changed them.",
  category: "trigger",
  kind: "trigger",
  configSchema: z.strictObject({
    types: z.array(z.string().min(1).max(200)).max(50).default([]).describe(
      "Types of events that it is meant for, such as public.orders.update; empty = all that are sent to the flow",
    ),
  }),
  outputSchema: z.object({
    event_id: z.string().describe("Id of the event"),
    type: z.string().describe("What happened, as schema.table.operation"),
    operation: z.enum(["insert", "update", "delete"]),
    schema: z.string().describe("Schema of the table"),
    table: z.string().describe("The table"),
    record: row.optional().describe("The row after the change; null when it was removed"),
    old_record: row.optional().describe("The row before the change; null when it was added"),
    records: z.array(z.object({ record: row, old_record: row })).optional().describe(
      "The rows, where runs get several",
    ),
    count: z.number().optional().describe("How many rows there are in records"),
    changed_at: z.string().describe("When, ISO 8601"),
    actor: z.object({
      user_id: z.string().nullable().describe("The user whose request changed it; null = no user did"),
      role: z.string().describe("The database role: authenticated, anon, service_role or who was logged in"),
      email: z.string().nullable(),
      claims: z.record(z.string(), json).describe("Claims of the user's token that are to be passed on"),
    }).describe("Who changed it"),
  }),
  exampleConfig: { types: ["public.orders.update"] },
  exampleInput: {
    trigger: {
      event_id: "0193a000-0000-7000-8000-000000000004",
      type: "public.orders.update",
      operation: "update",
      schema: "public",
      table: "orders",
      record: { id: 42, status: "paid" },
      old_record: { id: 42, status: "new" },
      changed_at: "2026-11-20T12:00:00.000Z",
      actor: {
        user_id: "0193a000-0000-7000-8000-000000000001",
        role: "authenticated",
        email: "ada@example.com",
        claims: {},
      },
    },
  },
  execute: (_config, context) => ({ output: context.trigger }),
});

import { z } from "zod";
import { defineNode } from "./define_node.ts";
import { json } from "./json_values.ts";

/** Starts a run whenever a schedule of the flow is due. */
export const triggerSchedule = defineNode({
  type: "trigger.schedule",
  title: "Schedule",
  description: "Starts the flow at the times of its schedules. Gives which schedule it was and the time it was due.",
  category: "trigger",
  kind: "trigger",
  configSchema: z.strictObject({}),
  outputSchema: z.object({
    schedule_id: z.string().describe("Id of the schedule"),
    name: z.string().describe("Name of the schedule"),
    scheduled_for: z.string().describe("When it was due, ISO 8601; the run may begin later"),
    fired_at: z.string().describe("When the clock started it, ISO 8601"),
    timezone: z.string().describe("IANA time zone of the schedule"),
    manual: z.boolean().describe("Whether a person started it, and not the clock"),
    input: json.optional().describe("What the schedule is set to pass on"),
  }),
  exampleConfig: {},
  exampleInput: {
    trigger: {
      schedule_id: "0193a000-0000-7000-8000-000000000003",
      name: "Nightly report",
      scheduled_for: "2026-11-20T01:30:00.000Z",
      fired_at: "2026-11-20T01:30:06.120Z",
      timezone: "Europe/Berlin",
      manual: false,
      input: { report: "daily" },
    },
  },
  execute: (_config, context) => ({ output: context.trigger }),
});

import { answered, edge, node, sent } from "./_draw.ts";
import type { FlowTemplate } from "./types.ts";

const URL = "https://api.example.com/invoices";

/** Something that is looked at again and again. */
export const scheduledTask: FlowTemplate = {
  id: "scheduled-task",
  name: "Scheduled task",
  description:
    "At the times of a schedule it asks an API what is open, and writes an email when there is something. When there is " +
    "nothing it ends quietly.",
  category: "operations",
  icon: "calendar-clock",
  tags: ["schedule", "http", "email", "report"],
  graph: {
    nodes: [
      node("clock", "trigger.schedule", [0, 0.5], "Every morning"),
      node("fetch", "action.http", [1, 0.5], "Fetch open invoices", {
        url: URL,
        query: { status: "open" },
        response: "json",
      }),
      node("any", "logic.if", [2, 0.5], "Any open?", { condition: "{{ !isEmpty(steps.fetch.output.body.invoices) }}" }),
      node("report", "communication.email", [3, 0], "Write the report", {
        to: "team@example.com",
        subject: "{{ length(steps.fetch.output.body.invoices) }} open invoices",
        text:
          'In all {{ sum(pluck(steps.fetch.output.body.invoices, "amount")) }} on {{ formatDate(trigger.scheduled_for, "D MMMM YYYY") }}.',
      }),
      node("quiet", "logic.stop", [3, 1], "Nothing to do", { message: "No open invoices" }),
    ],
    edges: [edge("clock", "fetch"), edge("fetch", "any"), edge("any", "report", "true"), edge("any", "quiet", "false")],
  },
  configure: [
    {
      node_id: "clock",
      setting: null,
      what: "Create a schedule for the flow, for example `0 7 * * 1-5` in Europe/Berlin: nothing runs without one.",
    },
    { node_id: "fetch", setting: "url", what: "Write the address to ask, and how to log in there." },
    { node_id: "report", setting: "to", what: "Write the address of whoever reads the report." },
  ],
  sample_input: {
    schedule_id: "0193a000-0000-7000-8000-000000000003",
    scheduled_for: "2026-11-20T06:00:00.000Z",
    timezone: "Europe/Berlin",
  },
  sample_outputs: {
    fetch: answered(URL, { invoices: [{ id: 1, amount: 40 }, { id: 2, amount: 2.5 }] }),
    report: sent("team@example.com"),
  },
};

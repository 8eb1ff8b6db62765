import { edge, node, webhook } from "./_draw.ts";
import type { FlowTemplate } from "./types.ts";

/** A webhook, shaped. */
export const simpleWebhook: FlowTemplate = {
  id: "simple-webhook",
  name: "Simple webhook",
  description:
    "Receives a webhook, keeps the fields that matter and ends with them as its output. The place to begin when another " +
    "service has something to tell you.",
  category: "starter",
  icon: "webhook",
  tags: ["webhook", "transform"],
  graph: {
    nodes: [
      node("hook", "trigger.webhook", [0, 0], "When a webhook arrives"),
      node("shape", "action.transform", [1, 0], "Keep what matters", {
        input: "{{ trigger.body }}",
        operations: [
          { op: "pick", fields: ["id", "name", "email"] },
          { op: "set", fields: { received_at: "{{ trigger.received_at }}" } },
        ],
      }),
      node("done", "logic.stop", [2, 0], "Done", { output: "{{ steps.shape.output }}" }),
    ],
    edges: [edge("hook", "shape"), edge("shape", "done")],
  },
  configure: [
    { node_id: "hook", setting: null, what: "Create a webhook endpoint for the flow and give its URL to the sender." },
    { node_id: "shape", setting: "operations", what: "Name the fields of your webhook that you want to keep." },
  ],
  sample_input: webhook("contact.created", { id: "c_1", name: "Ada", email: "ada@example.com", internal: true }),
  sample_outputs: {},
};

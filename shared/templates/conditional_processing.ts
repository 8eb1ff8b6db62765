import { edge, node, sent, webhook } from "./_draw.ts";
import type { FlowTemplate } from "./types.ts";

/** Two ways through a flow that meet again. */
export const conditionalProcessing: FlowTemplate = {
  id: "conditional-processing",
  name: "Conditional processing",
  description:
    "Looks at what arrived and goes one of two ways: large orders are told to a person, small ones are noted. Both ways " +
    "meet again at the end, which waits for the one that was taken.",
  category: "starter",
  icon: "git-branch",
  tags: ["webhook", "if", "merge", "email"],
  graph: {
    nodes: [
      node("hook", "trigger.webhook", [0, 1], "When an order arrives"),
      node("large", "logic.if", [1, 1], "Large order?", { condition: "{{ (trigger.body.amount ?? 0) >= 1000 }}" }),
      node("tell", "communication.email", [2, 0], "Tell the manager", {
        to: "manager@example.com",
        subject: "Large order {{ trigger.body.id }}",
        text: '{{ trigger.body.customer ?? "Somebody" }} ordered for {{ trigger.body.amount }}.',
      }),
      node("note", "action.transform", [2, 2], "Note it", {
        operations: [{ op: "set", fields: { noted: "{{ trigger.body.id }}" } }],
      }),
      node("meet", "logic.merge", [3, 1], "Go on together", { combine: "by_node" }),
      node("done", "logic.stop", [4, 1], "Done", {
        output: { order: "{{ trigger.body.id }}", large: "{{ steps.large.output.result }}" },
      }),
    ],
    edges: [
      edge("hook", "large"),
      edge("large", "tell", "true"),
      edge("large", "note", "false"),
      edge("tell", "meet"),
      edge("note", "meet"),
      edge("meet", "done"),
    ],
  },
  configure: [
    { node_id: "hook", setting: null, what: "Create a webhook endpoint for the flow and give its URL to your shop." },
    { node_id: "large", setting: "condition", what: "Say from which amount on an order is a large one." },
    { node_id: "tell", setting: "to", what: "Write the address of whoever wants to know." },
  ],
  sample_input: webhook("order.created", { id: "o_7", amount: 2500, customer: "Ada" }),
  sample_outputs: { tell: sent("manager@example.com") },
};

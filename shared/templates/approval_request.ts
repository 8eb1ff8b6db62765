import { answered, edge, node, sent } from "./_draw.ts";
import type { FlowTemplate } from "./types.ts";

const URL = "https://api.example.com/refunds";
const INPUT = { customer: "ada@example.com", amount: 250, reason: "Arrived broken" };

/** A person decides. */
export const approvalRequest: FlowTemplate = {
  id: "approval-request",
  name: "Approval request",
  description:
    "Asks a person before something happens: a refund waits for a yes or a no, with a comment, and goes to somebody else " +
    "when nobody decided within a day. Nothing runs while it waits.",
  category: "people",
  icon: "user-check",
  tags: ["approval", "wait", "email"],
  graph: {
    nodes: [
      node("start", "trigger.manual", [0, 1], "When a refund is asked for", { sampleInput: INPUT }),
      node("decide", "logic.wait", [1, 1], "Wait for a decision", {
        mode: "approval",
        title: "Refund {{ trigger.amount }} to {{ trigger.customer }}?",
        description: "{{ trigger.reason }}",
        approvers: { roles: ["owner", "admin"] },
        timeoutSeconds: 86_400,
      }),
      node("refund", "action.http", [2, 0], "Pay it back", {
        method: "POST",
        url: URL,
        body: { type: "json", value: { customer: "{{ trigger.customer }}", amount: "{{ trigger.amount }}" } },
      }),
      node("sorry", "communication.email", [2, 1], "Say no", {
        to: "{{ trigger.customer }}",
        subject: "Your refund",
        text: "We cannot refund your order. {{ steps.decide.output.comment }}",
      }),
      node("escalate", "communication.email", [2, 2], "Ask somebody else", {
        to: "manager@example.com",
        subject: "Nobody decided about a refund",
        text: "{{ trigger.customer }} waits for {{ trigger.amount }}: {{ trigger.reason }}",
      }),
      node("done", "logic.merge", [3, 1], "Done", { combine: "by_node" }),
    ],
    edges: [
      edge("start", "decide"),
      edge("decide", "refund", "approved"),
      edge("decide", "sorry", "rejected"),
      edge("decide", "escalate", "timeout"),
      edge("refund", "done"),
      edge("sorry", "done"),
      edge("escalate", "done"),
    ],
    settings: { timeoutSeconds: 172_800 },
  },
  configure: [
    { node_id: "decide", setting: "approvers", what: "Say who may decide, by role or by user." },
    { node_id: "refund", setting: "url", what: "Write where refunds are paid, and how to log in there." },
    { node_id: "escalate", setting: "to", what: "Write who is asked when nobody decides." },
  ],
  sample_input: INPUT,
  sample_outputs: {
    decide: { decision: "approved", user_id: null, comment: "Of course" },
    refund: answered(URL, { id: "re_1" }, 201),
    sorry: sent("ada@example.com"),
    escalate: sent("manager@example.com"),
  },
};

import { edge, node, sent } from "./_draw.ts";
import type { FlowTemplate } from "./types.ts";

/** What happens when another flow fails. */
export const errorAlert: FlowTemplate = {
  id: "error-alert",
  name: "Error alert",
  description:
    "Writes to the people on duty when a run of another flow has failed: which flow, which step, why. One such flow can " +
    "serve all the others.",
  category: "operations",
  icon: "siren",
  tags: ["error", "alert", "email"],
  graph: {
    nodes: [
      node("failed", "trigger.error", [0, 0], "When a run has failed"),
      node("grave", "logic.switch", [1, 0], "How grave?", {
        value: "{{ trigger.error.code }}",
        cases: [{ name: "passing", operator: "in", right: ["run_timeout", "step_timeout", "worker_lost"] }],
      }),
      node("later", "communication.email", [2, -0.5], "Tell the team", {
        to: "team@example.com",
        subject: "A run took too long",
        text: "Run {{ trigger.run_id }} of flow {{ trigger.flow_id }}: {{ trigger.error.message }}",
      }),
      node("now", "communication.email", [2, 0.5], "Tell who is on duty", {
        to: "on-duty@example.com",
        subject: "A run failed: {{ trigger.error.code }}",
        text: "Run {{ trigger.run_id }} of flow {{ trigger.flow_id }} failed at the step " +
          '{{ trigger.error.node_id ?? "(none)" }}: {{ trigger.error.message }}',
      }),
    ],
    edges: [edge("failed", "grave"), edge("grave", "later", "passing"), edge("grave", "now", "default")],
  },
  configure: [
    {
      node_id: null,
      setting: null,
      what: "Name this flow as `settings.errorFlowId` in the graph of each flow that it is to watch.",
    },
    { node_id: "now", setting: "to", what: "Write the address of whoever is on duty." },
    { node_id: "later", setting: "to", what: "Write the address of the team." },
  ],
  sample_input: {
    run_id: "0193a000-0000-7000-8000-000000000006",
    flow_id: "0193a000-0000-7000-8000-000000000002",
    error: { code: "http_error", message: "The server answered 503", node_id: "pay" },
    input: { order: 42 },
    failed_at: "2026-11-20T12:00:00.000Z",
  },
  sample_outputs: { later: sent("team@example.com"), now: sent("on-duty@example.com") },
};

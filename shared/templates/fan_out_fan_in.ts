import { answered, edge, node } from "./_draw.ts";
import type { FlowTemplate } from "./types.ts";

const INPUT = { customers: [{ id: 1 }, { id: 2 }, { id: 3 }] };

/** Many at once, and together again. */
export const fanOutFanIn: FlowTemplate = {
  id: "fan-out-fan-in",
  name: "Fan out, fan in",
  description:
    "Sends each element of a list through the same steps, several at a time, and brings the results together in their " +
    "order. One that fails does not spoil the others: the list at the end says how each fared. Good for up to 10,000.",
  category: "data",
  icon: "split",
  tags: ["splitter", "collector", "parallel", "http"],
  graph: {
    nodes: [
      node("start", "trigger.manual", [0, 0], "Start with a list", { sampleInput: INPUT }),
      node("split", "logic.splitter", [1, 0], "One by one, five at once", {
        items: "{{ trigger.customers }}",
        maxParallel: 5,
      }),
      node("fetch", "action.http", [2, 0], "Ask about each", {
        url: "https://api.example.com/customers/{{ item.id }}",
        response: "json",
      }),
      node("shape", "action.transform", [3, 0], "Keep what matters", {
        input: { id: "{{ item.id }}", plan: "{{ steps.fetch.output.body.plan }}" },
        operations: [],
      }),
      node("collect", "logic.collector", [4, 0], "Together again", { policy: "all_settled" }),
      node("done", "logic.stop", [5, 0], "Done", {
        output: {
          all: "{{ length(steps.collect.output) }}",
          completed: '{{ length(where(steps.collect.output, "status", "completed")) }}',
          results: '{{ pluck(where(steps.collect.output, "status", "completed"), "value") }}',
        },
      }),
    ],
    edges: [
      edge("start", "split"),
      edge("split", "fetch"),
      edge("fetch", "shape"),
      edge("shape", "collect"),
      edge("collect", "done"),
    ],
  },
  configure: [
    {
      node_id: "split",
      setting: "items",
      what: "Say where the list comes from, and how many elements may be under way.",
    },
    { node_id: "fetch", setting: "url", what: "Write what to ask; `item` is the element, `index` its place." },
  ],
  sample_input: INPUT,
  sample_outputs: { fetch: answered("https://api.example.com/customers/1", { plan: "pro" }) },
};

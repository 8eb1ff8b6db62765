import { edge, node } from "./_draw.ts";
import type { FlowTemplate } from "./types.ts";

const INPUT = { lines: [{ name: "Tea", price: 4.5, quantity: 2 }, { name: "Cup", price: 12, quantity: 1 }] };

/** A list, element by element. */
export const dataLoop: FlowTemplate = {
  id: "data-loop",
  name: "Data loop",
  description:
    "Goes through a list one element after the other, works out something for each, and adds up what came of them. It " +
    "calls nobody: run it as it is. For many elements at once take “Fan out, fan in”.",
  category: "data",
  icon: "repeat",
  tags: ["loop", "foreach", "transform"],
  graph: {
    nodes: [
      node("start", "trigger.manual", [0, 0], "Start with a list", { sampleInput: INPUT }),
      node("each", "logic.loop.foreach", [1, 0], "For each line", { items: "{{ trigger.lines }}", maxItems: 1000 }),
      node("line", "action.transform", [1, 1], "Work out the line", {
        input: { name: "{{ item.name }}", total: "{{ round(item.price * item.quantity, 2) }}" },
        operations: [{ op: "set", fields: { position: "{{ index + 1 }}" } }],
      }),
      node("total", "action.transform", [2, 0], "Add up", {
        input: "{{ steps.each.output.items }}",
        operations: [{ op: "reduce", function: "sum", by: "total" }],
      }),
      node("done", "logic.stop", [3, 0], "Done", {
        output: { lines: "{{ steps.each.output.items }}", total: "{{ steps.total.output }}" },
      }),
    ],
    edges: [
      edge("start", "each"),
      edge("each", "total", "done"),
      edge("each", "line", "body"),
      edge("line", "each"),
      edge("total", "done"),
    ],
  },
  configure: [
    { node_id: "each", setting: "items", what: "Say where the list comes from: the trigger, or an earlier step." },
    { node_id: "line", setting: null, what: "Put your own work here; `item` is the element, `index` its place." },
  ],
  sample_input: INPUT,
  sample_outputs: {},
};

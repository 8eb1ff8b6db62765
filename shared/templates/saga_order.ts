import type { GraphNodeData, JsonObject } from "../graph/mod.ts";
import { answered, edge, node } from "./_draw.ts";
import type { FlowTemplate } from "./types.ts";

const SHOP = "https://api.example.com";
const INPUT = { order: "o_7", sku: "tea", quantity: 2, amount: 21 };

function post(path: string, value: JsonObject): JsonObject {
  return { method: "POST", url: `${SHOP}${path}`, body: { type: "json", value }, response: "json" };
}

function undoneBy(path: string, value: JsonObject): GraphNodeData {
  return { undo: { type: "action.http", config: post(path, value), retry: { maxAttempts: 8 } } };
}

/** Steps that are undone when a later one fails. */
export const sagaOrder: FlowTemplate = {
  id: "saga-order",
  name: "Order with compensation",
  description:
    "Reserves stock, takes the money and orders the parcel. When a step fails for good, those before it are undone in " +
    "reverse order: the money goes back, then the stock is free again. That is carried through crashes, and each step says " +
    "how its undoing went.",
  category: "operations",
  icon: "undo-2",
  tags: ["saga", "compensation", "http", "order"],
  graph: {
    nodes: [
      node("start", "trigger.manual", [0, 0], "When an order is placed", { sampleInput: INPUT }),
      node(
        "reserve",
        "action.http",
        [1, 0],
        "Reserve the stock",
        post("/reservations", { sku: "{{ trigger.sku }}", quantity: "{{ trigger.quantity }}" }),
        undoneBy("/reservations/{{ steps.reserve.output.body.id }}/release", {}),
      ),
      node(
        "charge",
        "action.http",
        [2, 0],
        "Take the money",
        post("/charges", { order: "{{ trigger.order }}", amount: "{{ trigger.amount }}" }),
        undoneBy("/charges/{{ steps.charge.output.body.id }}/refund", { amount: "{{ trigger.amount }}" }),
      ),
      node(
        "ship",
        "action.http",
        [3, 0],
        "Order the parcel",
        post("/parcels", { order: "{{ trigger.order }}", reservation: "{{ steps.reserve.output.body.id }}" }),
      ),
      node("done", "logic.stop", [4, 0], "Done", {
        output: { charge: "{{ steps.charge.output.body.id }}", parcel: "{{ steps.ship.output.body.id }}" },
      }),
    ],
    edges: [edge("start", "reserve"), edge("reserve", "charge"), edge("charge", "ship"), edge("ship", "done")],
    settings: { compensateOnCancel: true },
  },
  configure: [
    { node_id: "reserve", setting: "url", what: "Write the address of your stock, here and in what undoes the step." },
    {
      node_id: "charge",
      setting: "url",
      what: "Write the address of your payments, here and in what undoes the step.",
    },
    { node_id: "ship", setting: "url", what: "Write the address of your carrier." },
  ],
  sample_input: INPUT,
  sample_outputs: {
    reserve: answered(`${SHOP}/reservations`, { id: "res_1" }, 201),
    charge: answered(`${SHOP}/charges`, { id: "ch_1" }, 201),
    ship: answered(`${SHOP}/parcels`, { id: "par_1" }, 201),
  },
};

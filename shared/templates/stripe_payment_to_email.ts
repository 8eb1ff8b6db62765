import { edge, node, sent, webhook } from "./_draw.ts";
import type { FlowTemplate } from "./types.ts";

const SESSION = "trigger.body.data.object";

/** A paid checkout, thanked for. */
export const stripePaymentToEmail: FlowTemplate = {
  id: "stripe-payment-to-email",
  name: "Stripe payment to email",
  description:
    "When a Stripe checkout is paid, thanks the customer by email with the amount. Other events of Stripe are let go. " +
    "Stripe sends an event more than once now and then; the customer still gets one email.",
  category: "payments",
  icon: "credit-card",
  tags: ["stripe", "webhook", "email", "payment"],
  graph: {
    nodes: [
      node("stripe", "trigger.webhook", [0, 0.5], "When Stripe calls"),
      node("paid", "logic.if", [1, 0.5], "Is it paid?", {
        condition: `{{ trigger.type == "checkout.session.completed" && ${SESSION}.payment_status == "paid" }}`,
      }),
      node("thank", "communication.email", [2, 0], "Thank the customer", {
        to: `{{ ${SESSION}.customer_details.email }}`,
        subject: "Thank you for your order",
        text: `Dear {{ ${SESSION}.customer_details.name ?? "customer" }},\n\n` +
          `we have received {{ ${SESSION}.amount_total / 100 }} {{ upper(${SESSION}.currency) }}. Thank you!`,
      }),
      node("ignore", "logic.stop", [2, 1], "Not for us", { message: "No paid checkout" }),
      node("done", "logic.stop", [3, 0], "Done", { output: { email: "{{ steps.thank.output.id }}" } }),
    ],
    edges: [
      edge("stripe", "paid"),
      edge("paid", "thank", "true"),
      edge("paid", "ignore", "false"),
      edge("thank", "done"),
    ],
  },
  configure: [
    {
      node_id: "stripe",
      setting: null,
      what:
        "Create a webhook endpoint with the provider stripe, give its URL to Stripe for checkout.session.completed, and " +
        "store the signing secret that Stripe shows.",
    },
    { node_id: "thank", setting: "text", what: "Write your own words." },
    { node_id: null, setting: null, what: "Set RESEND_API_KEY and EMAIL_FROM for your project, or no email is sent." },
  ],
  sample_input: webhook("checkout.session.completed", {
    id: "evt_1",
    type: "checkout.session.completed",
    data: {
      object: {
        id: "cs_1",
        payment_status: "paid",
        amount_total: 4200,
        currency: "eur",
        customer_details: { email: "ada@example.com", name: "Ada" },
      },
    },
  }),
  sample_outputs: { thank: sent("ada@example.com") },
};

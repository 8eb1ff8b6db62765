/**
 * The demo's flows, as a canvas would save them.
 *
 * @module
 */

/** A flow and the webhook that starts it. */
export interface DemoFlow {
  name: string;
  description: string;
  provider: "stripe" | "typeform";
  graph: { nodes: Record<string, unknown>[]; edges: Record<string, unknown>[] };
}

/**
 * The two flows.
 *
 * @param outside address of the demo's CRM
 */
export function demoFlows(outside: string): DemoFlow[] {
  return [paidCheckout(outside), formResponse(outside)];
}

function paidCheckout(outside: string): DemoFlow {
  const order = "steps.order.output";
  return {
    name: "Demo: thank paying customers",
    description: "Stripe tells of a finished checkout: when it is paid, thank the customer and tell the CRM.",
    provider: "stripe",
    graph: {
      nodes: [
        node("checkout", "trigger.webhook", "Checkout finished", 0, 100),
        node("is_paid", "logic.if", "Is it paid?", 240, 100, {
          condition: "{{ trigger.body.data.object.payment_status == 'paid' }}",
        }),
        node("order", "action.transform", "Shape the order", 480, 0, {
          input: "{{ trigger.body.data.object }}",
          operations: [
            {
              op: "pick",
              fields: ["id", "amount_total", "currency", "customer_details.email", "customer_details.name"],
            },
            { op: "rename", fields: { "customer_details.email": "email", "customer_details.name": "name" } },
            { op: "omit", fields: ["customer_details"] },
          ],
        }),
        node("thanks", "communication.email", "Thank the customer", 720, -80, {
          to: `{{ ${order}.email }}`,
          subject: `Thank you, {{ ${order}.name }}`,
          text: `We have received your payment of {{ ${order}.amount_total / 100 }} {{ ${order}.currency }}.`,
        }),
        node("crm", "action.http", "Tell the CRM", 720, 80, {
          method: "POST",
          url: `${outside}/crm/orders`,
          body: { type: "json", value: `{{ ${order} }}` },
        }),
        node("unpaid", "logic.stop", "Not paid yet", 480, 200, { message: "Nothing to do until it is paid" }),
      ],
      edges: [
        edge("checkout", "is_paid"),
        edge("is_paid", "order", "true"),
        edge("is_paid", "unpaid", "false"),
        edge("order", "thanks"),
        edge("order", "crm"),
      ],
    },
  };
}

function formResponse(outside: string): DemoFlow {
  const answers = "trigger.body.form_response.answers";
  return {
    name: "Demo: collect form responses",
    description: "Typeform sends a response: make a lead of it and hand it to the CRM.",
    provider: "typeform",
    graph: {
      nodes: [
        node("answered", "trigger.webhook", "Form answered", 0, 0),
        node("lead", "action.transform", "Make a lead", 240, 0, {
          input: {
            name: `{{ ${answers}[0].text }}`,
            email: `{{ ${answers}[1].email }}`,
            score: `{{ ${answers}[2].number }}`,
          },
          operations: [{
            op: "set",
            fields: { source: "typeform", "form.id": "{{ trigger.body.form_response.form_id }}" },
          }],
        }),
        node("crm", "action.http", "Save the lead", 480, 0, {
          method: "POST",
          url: `${outside}/crm/leads`,
          body: { type: "json", value: "{{ steps.lead.output }}" },
        }),
      ],
      edges: [edge("answered", "lead"), edge("lead", "crm")],
    },
  };
}

function node(id: string, type: string, label: string, x: number, y: number, config: Record<string, unknown> = {}) {
  return { id, type, position: { x, y }, data: { label, config } };
}

function edge(source: string, target: string, sourceHandle?: string) {
  return { id: `${source}-${target}`, source, target, ...(sourceHandle ? { sourceHandle } : {}) };
}

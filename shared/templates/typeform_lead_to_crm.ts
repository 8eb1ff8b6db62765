import type { JsonObject } from "../graph/mod.ts";
import { answered, edge, node, sent, webhook } from "./_draw.ts";
import type { FlowTemplate } from "./types.ts";

const URL = "https://api.hubapi.com/crm/v3/objects/contacts";
const ANSWERS = "trigger.body.form_response.answers";

/** The answer to a question, by the reference it has in the form. */
function answer(reference: string, type: string): string {
  return `{{ first(where(${ANSWERS}, "field.ref", "${reference}")).${type} }}`;
}

function given(ref: string, type: string, value: string): JsonObject {
  return { type, [type]: value, field: { id: ref, ref, type: type === "email" ? "email" : "short_text" } };
}

/** A filled in form, brought to where sales look. */
export const typeformLeadToCrm: FlowTemplate = {
  id: "typeform-lead-to-crm",
  name: "Typeform lead to CRM",
  description:
    "When somebody fills in a Typeform, makes a contact of the answers in HubSpot and tells sales. A lead without an email " +
    "address is dropped. When HubSpot knows the contact already, sales are told all the same. For another CRM change the " +
    "address and the body of one step.",
  category: "sales",
  icon: "contact",
  tags: ["typeform", "hubspot", "crm", "webhook", "lead"],
  graph: {
    nodes: [
      node("form", "trigger.webhook", [0, 0.5], "When a form is sent"),
      node("lead", "action.transform", [1, 0.5], "Read the answers", {
        input: {
          email: answer("email", "email"),
          name: answer("name", "text"),
          company: answer("company", "text"),
        },
        operations: [{ op: "set", fields: { form: "{{ trigger.body.form_response.form_id }}" } }],
      }),
      node("reachable", "logic.if", [2, 0.5], "An email address?", {
        conditions: [{ left: "{{ steps.lead.output.email }}", operator: "is_not_empty" }],
      }),
      node("crm", "action.http", [3, 0], "Create the contact", {
        method: "POST",
        url: URL,
        auth: { type: "bearer", token: "YOUR_HUBSPOT_TOKEN" },
        body: {
          type: "json",
          value: {
            properties: {
              email: "{{ steps.lead.output.email }}",
              firstname: "{{ steps.lead.output.name }}",
              company: "{{ steps.lead.output.company }}",
            },
          },
        },
        response: "json",
        // 409 = there is such a contact.
        failOn: ["400", "401", "403", "404", "429", "5xx"],
      }),
      node("tell", "communication.email", [4, 0], "Tell sales", {
        to: "sales@example.com",
        subject: "New lead: {{ steps.lead.output.name ?? steps.lead.output.email }}",
        text: '{{ steps.lead.output.email }} of {{ default(steps.lead.output.company, "an unknown company") }}, ' +
          '{{ steps.crm.output.status == 409 ? "known already" : "contact " + steps.crm.output.body.id }}.',
      }),
      node("drop", "logic.stop", [3, 1], "Nobody to reach", { message: "The form has no email address" }),
    ],
    edges: [
      edge("form", "lead"),
      edge("lead", "reachable"),
      edge("reachable", "crm", "true"),
      edge("reachable", "drop", "false"),
      edge("crm", "tell"),
    ],
  },
  configure: [
    {
      node_id: "form",
      setting: null,
      what: "Create a webhook endpoint with the provider typeform and enter its URL and secret in your form.",
    },
    {
      node_id: "lead",
      setting: "input",
      what: "Name the references of your questions where it says email, name, company.",
    },
    {
      node_id: "crm",
      setting: "auth.token",
      what: "Put the token of a HubSpot private app here; it may write contacts.",
    },
    { node_id: "tell", setting: "to", what: "Write the address of sales." },
  ],
  sample_input: webhook("form_response", {
    event_id: "01H",
    event_type: "form_response",
    form_response: {
      form_id: "lT4Z3j",
      answers: [
        given("name", "text", "Ada"),
        given("email", "email", "ada@example.com"),
        given("company", "text", "Engines"),
      ],
    },
  }),
  sample_outputs: { crm: answered(URL, { id: "512", properties: {} }, 201), tell: sent("sales@example.com") },
};

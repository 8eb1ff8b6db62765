/**
 * The shop of the end-to-end tests: a flow that a payment starts, and the services that it calls.
 *
 * @module
 */
import type { Graph } from "../../shared/graph/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import { type EffectServer, startEffectServer } from "../helpers/effect_server.ts";
import { draw, set } from "../helpers/flows.ts";
import type { TestStackOptions } from "../helpers/stack.ts";
import type { Frontend } from "./_frontend.ts";

/** The services outside, on this machine. */
export interface Outside extends EffectServer {
  /** What a stack needs so that flows reach them. */
  env: NonNullable<TestStackOptions["functionsEnv"]>;
  /** Keeps answers to `/slow` back until it is opened. */
  gate: PromiseWithResolvers<void>;
}

/** Starts a shop's warehouse (`/orders`, `/slow`) and an email service like Resend (`/emails`). */
export function startOutside(): Outside {
  const gate = Promise.withResolvers<void>();
  const server = startEffectServer(async ({ path }) => {
    if (path === "/emails") return Response.json({ id: "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794" });
    if (path === "/slow") await gate.promise;
    return Response.json({ order: 7, shelf: "B-12" }, { status: 201 });
  });
  return {
    ...server,
    gate,
    env: { EGRESS_ALLOW: server.host, RESEND_API_KEY: "re_test_0001", RESEND_BASE_URL: server.url },
  };
}

/** A payment: large ones go to the warehouse and are thanked for, all are summed up. */
export function paymentGraph(outside: Outside, path = "/orders"): Graph {
  return draw(
    {
      event: ["trigger.webhook"],
      session: set({
        id: "{{ trigger.body.data.object.id }}",
        total: "{{ trigger.body.data.object.amount_total / 100 }}",
        email: "{{ trigger.body.data.object.customer_details.email }}",
      }),
      large: ["logic.if", { config: { condition: "{{ steps.session.output.total >= 10 }}" } }],
      order: ["action.http", {
        config: {
          method: "POST",
          url: `${outside.url}${path}`,
          auth: { type: "bearer", token: "warehouse-token" },
          body: { type: "json", value: { session: "{{ steps.session.output.id }}", event: "{{ trigger.event_id }}" } },
        },
      }],
      thanks: ["communication.email", {
        config: {
          to: "{{ steps.session.output.email }}",
          subject: "Order {{ steps.order.output.body.order }}",
          text: "Thank you for {{ steps.session.output.total }} €",
        },
      }],
      later: set({ note: "small" }),
      both: ["logic.merge", { config: { combine: "by_node" } }],
      summary: set({
        total: "{{ steps.session.output.total }}",
        shelf: "{{ steps.order.output.body.shelf }}",
        message: "{{ steps.both.output.thanks.id }}",
      }),
    },
    "event>session",
    "session>large",
    "large/true>order",
    "order>thanks",
    "large/false>later",
    "thanks>both",
    "later>both",
    "both>summary",
  );
}

/** A `checkout.session.completed` of Stripe, as much of it as matters. */
export function checkoutEvent(id: string, amount = 4200) {
  return {
    id,
    object: "event",
    api_version: "2026-10-29.clover",
    created: Math.floor(Date.now() / 1000),
    type: "checkout.session.completed",
    data: {
      object: {
        id: `cs_${id}`,
        object: "checkout.session",
        amount_total: amount,
        currency: "eur",
        customer_details: { email: "ada@example.com", name: "Ada" },
        payment_status: "paid",
      },
    },
  };
}

/** An endpoint as its owner sees it. */
export interface Webhook {
  id: string;
  url: string;
  secret: string;
}

/** Makes a flow and a webhook endpoint for it, through the functions. */
export async function setUpShop(
  owner: Frontend,
  graph: Graph,
  webhook: Record<string, unknown>,
): Promise<{ flowId: string; webhook: Webhook }> {
  const flow = await owner.call<{ id: string }>("POST", "flows", { name: "Payments", graph: { ...graph } });
  assertEquals(flow.status, 201, JSON.stringify(flow.body));
  const made = await owner.call<Webhook>("POST", "webhooks", {
    name: "From outside",
    flow_id: flow.body.id,
    ...webhook,
  });
  assertEquals(made.status, 201, JSON.stringify(made.body));
  return { flowId: flow.body.id, webhook: made.body };
}

/** What the receiver answers. */
export interface Receipt {
  event_id: string;
  run_id: string;
  duplicate: boolean;
  status: string;
  code?: string;
}

/** Delivers as the provider does: no key, no token, only the signature. */
export async function deliver(url: string, body: string, headers: Record<string, string>) {
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  return { status: response.status, headers: response.headers, body: await response.json() as Receipt };
}

/** A run as its owner sees it. */
export interface RunDetails {
  id: string;
  status: string;
  output: unknown;
  error: unknown;
  steps: { node_id: string; status: string; attempt: number; output: unknown }[];
}

/** Asks until the run has ended. */
export async function untilEnded(owner: Frontend, runId: string, seconds = 60): Promise<RunDetails> {
  const until = Date.now() + seconds * 1_000;
  while (Date.now() < until) {
    const { status, body } = await owner.call<RunDetails>("GET", `runs/${runId}`);
    if (status === 200 && ["completed", "failed", "cancelled"].includes(body.status)) return body;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`The run ${runId} has not ended after ${seconds} s`);
}

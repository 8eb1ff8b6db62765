/**
 * Events as the providers send them, signed as the providers sign them.
 *
 * @module
 */
import type { DemoFlow } from "./flows.ts";

/** A delivery, ready to be posted. */
export interface SignedEvent {
  /** The body; the signature is over exactly these characters. */
  text: string;
  headers: Record<string, string>;
}

/** Makes a new event of a provider and signs it with the endpoint's secret. */
export async function signedEvent(provider: DemoFlow["provider"], secret: string): Promise<SignedEvent> {
  return provider === "stripe" ? await stripeEvent(secret) : await typeformEvent(secret);
}

/** https://docs.stripe.com/api/events/object, signed by Stripe's own helper for tests. */
async function stripeEvent(secret: string): Promise<SignedEvent> {
  const { default: Stripe } = await import("stripe");
  const id = crypto.randomUUID().replaceAll("-", "");
  const text = JSON.stringify({
    id: `evt_${id}`,
    object: "event",
    api_version: "2026-09-30.acacia",
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: "checkout.session.completed",
    data: {
      object: {
        id: `cs_test_${id}`,
        object: "checkout.session",
        amount_total: 4200,
        currency: "eur",
        customer_details: { email: "ada@example.com", name: "Ada Lovelace" },
        mode: "payment",
        payment_status: "paid",
        status: "complete",
      },
    },
  });
  // The helper needs no account: the key is never used.
  const stripe = new Stripe("sk_test_unused");
  const signature = await stripe.webhooks.generateTestHeaderStringAsync({ payload: text, secret });
  return { text, headers: { "stripe-signature": signature } };
}

/** https://www.typeform.com/developers/webhooks/example-payload/, signed with HMAC-SHA256 over the body. */
async function typeformEvent(secret: string): Promise<SignedEvent> {
  const token = crypto.randomUUID().replaceAll("-", "");
  const text = JSON.stringify({
    event_id: `01${token}`,
    event_type: "form_response",
    form_response: {
      form_id: "demo-form",
      token,
      landed_at: new Date(Date.now() - 60_000).toISOString(),
      submitted_at: new Date().toISOString(),
      definition: {
        id: "demo-form",
        title: "Tell us about you",
        fields: [
          { id: "f1", ref: "name", type: "short_text", title: "Your name" },
          { id: "f2", ref: "email", type: "email", title: "Your email" },
          { id: "f3", ref: "score", type: "opinion_scale", title: "How do you like us?" },
        ],
      },
      answers: [
        { type: "text", text: "Grace Hopper", field: { id: "f1", ref: "name", type: "short_text" } },
        { type: "email", email: "grace@example.com", field: { id: "f2", ref: "email", type: "email" } },
        { type: "number", number: 9, field: { id: "f3", ref: "score", type: "opinion_scale" } },
      ],
    },
  });
  const bytes = (value: string) => new TextEncoder().encode(value);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(secret), algorithm, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes(text)));
  return { text, headers: { "typeform-signature": `sha256=${mac.toBase64()}` } };
}

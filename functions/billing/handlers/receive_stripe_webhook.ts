import { z } from "zod";
import { isLiveKey, readStripeEvent } from "../../../shared/billing/mod.ts";
import { toBase64 } from "../../../shared/bytes/mod.ts";
import { AppError, invalidSignature } from "../../../shared/errors/mod.ts";
import { defineRawRoute, parseJson } from "../../../shared/http/mod.ts";
import { getWebhookAdapter } from "../../../shared/webhooks/mod.ts";
import { keepStripeEvent } from "../invoice_queries.ts";

const receiptSchema = z.object({
  status: z.enum(["received", "duplicate", "ignored"]).meta({
    description:
      "received = kept, and worked off by a job; duplicate = it came before; ignored = nothing depends on it",
  }),
}).meta({ id: "StripeReceipt", description: "What became of an event of Stripe" });

/** POST /billing/webhooks */
export const receiveStripeWebhook = defineRawRoute({
  methods: ["POST"],
  path: "/webhooks",
  operationId: "receiveStripeWebhook",
  summary: "Receive an event of Stripe",
  description:
    "The webhook endpoint for Stripe's own events about billing. The signature (`Stripe-Signature`) is the " +
    "credential. The event is kept before it is answered; what it is about is then fetched from Stripe, so neither order " +
    "nor repetitions matter.",
  tags: ["billing"],
  admin: "Stripe is no user: its signature is the credential",
  bodyLimitBytes: 1_048_576,
  responses: { 200: { description: "Kept, now or before", schema: receiptSchema } },
  errors: ["invalid_signature", "invalid_request", "invalid_json", "billing_not_configured"],
}, async (c, rawBody) => {
  const { env, log } = c.var.request;
  const secrets = env.stripeWebhookSecrets;
  if (env.stripeSecretKey === null || secrets.length === 0) {
    throw new AppError("billing_not_configured", { detail: "STRIPE_SECRET_KEY or STRIPE_WEBHOOK_SECRET is missing" });
  }
  const verdict = await getWebhookAdapter("stripe")?.verify({
    rawBody,
    headers: c.req.raw.headers,
    config: {},
    secrets,
    now: new Date(),
    parseJson: (text) => parseJson(text, { uniqueKeys: true }),
  });
  if (verdict === undefined || !verdict.ok) {
    log.warn("billing.webhook_refused", { reason: verdict?.reason });
    if (verdict?.reason === "invalid_body") throw verdict.cause instanceof AppError ? verdict.cause : notAnEvent();
    throw invalidSignature("The call is not signed by Stripe with our secret", new Error(verdict?.detail));
  }
  const event = readStripeEvent(verdict.event.body, isLiveKey(env.stripeSecretKey));
  if (event === null) throw notAnEvent();
  const isNew = await keepStripeEvent(env, event, toBase64(rawBody));
  const status = !isNew ? "duplicate" : event.ignored === null ? "received" : "ignored";
  return c.json({ status }, 200, { "cache-control": "no-store" });
});

function notAnEvent(): AppError {
  return new AppError("invalid_request", { detail: "The body is no event of Stripe" });
}

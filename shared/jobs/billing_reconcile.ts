import { z } from "zod";
import { createStripe, reconcileBilling } from "../billing/mod.ts";
import { defineJob } from "./define_job.ts";

/** The work of the system task `billing-reconcile`. */
export const billingReconcile = defineJob({
  type: "billing.reconcile",
  summary: "Compares prices, subscriptions and invoices with Stripe and repairs what differs.",
  payload: z.unknown(),
  timeoutMs: 90_000,
  retry: { minMs: 10_000, maxMs: 600_000 },
  async run(_payload, { env, log, signal }) {
    if (env.stripeSecretKey === null) return { skipped: "billing_is_not_set_up" };
    return { ...await reconcileBilling({ env, stripe: createStripe(env), log, signal }) };
  },
});

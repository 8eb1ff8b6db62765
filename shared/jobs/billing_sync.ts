import { z } from "zod";
import { createStripe, workOffEvents } from "../billing/mod.ts";
import { defineJob } from "./define_job.ts";
import { JobError } from "./job_error.ts";

/** Works off what Stripe told of one customer. Called by each event; one that has not begun finds those after it too. */
export const billingSync = defineJob({
  type: "billing.sync",
  summary: "Fetches from Stripe what events of a customer are about, and draws the consequences.",
  payload: z.object({ key: z.string().min(1).max(255).meta({ description: "The customer at Stripe, or the object" }) }),
  timeoutMs: 60_000,
  // Some two days: after that the task billing calls another one.
  maxAttempts: 20,
  retry: { minMs: 2_000, maxMs: 3_600_000, factor: 2 },
  keep: "failures",
  async run({ key }, { env, log, signal }) {
    if (env.stripeSecretKey === null) {
      throw new JobError("Stripe is not set up here: STRIPE_SECRET_KEY is missing", { code: "billing_not_configured" });
    }
    const { done, failed, waiting, cause } = await workOffEvents({ env, stripe: createStripe(env), log, signal }, key);
    if (waiting > 0) {
      throw new JobError("Stripe does not answer, or not well: what it told waits", {
        code: "provider_error",
        details: { done, failed, waiting },
        cause,
      });
    }
    return { done, failed };
  },
});

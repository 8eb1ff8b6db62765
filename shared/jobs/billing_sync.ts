import { z } from "zod";
import { createStripe, workOffEvents } from "../billing/mod.ts";
import { UNAVAILABLE } from "./_job_failure.ts";
import { defineJob } from "./define_job.ts";
import { JobError } from "./job_error.ts";

/**
 * Attempts after which an outage counts no further ones: by then it has lasted some minutes, and the job waits for its
 * end, however far away that is, instead of becoming a dead letter.
 */
const COUNTED_ATTEMPTS = 9;

/** Works off what Stripe told of one customer. Called by each event; one that has not begun finds those after it too. */
export const billingSync = defineJob({
  type: "billing.sync",
  summary: "Fetches from Stripe what events of a customer are about, and draws the consequences.",
  payload: z.object({ key: z.string().min(1).max(255).meta({ description: "The customer at Stripe, or the object" }) }),
  timeoutMs: 60_000,
  maxAttempts: 20,
  // Five minutes at most: nobody waits longer for a plan that is paid for once Stripe is back.
  retry: { minMs: 2_000, maxMs: 300_000, factor: 2 },
  keep: "failures",
  async run({ key }, { attempt, env, log, signal }) {
    if (env.stripeSecretKey === null) {
      throw new JobError("Stripe is not set up here: STRIPE_SECRET_KEY is missing", { code: "billing_not_configured" });
    }
    const context = { env, stripe: createStripe(env), log, signal };
    const { done, failed, waiting, cause, isOutage } = await workOffEvents(context, key);
    if (waiting > 0) {
      throw new JobError("Stripe does not answer, or not well: what it told waits", {
        code: isOutage && attempt >= COUNTED_ATTEMPTS ? UNAVAILABLE : "provider_error",
        details: { done, failed, waiting },
        cause,
      });
    }
    return { done, failed };
  },
});

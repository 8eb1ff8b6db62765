import { z } from "zod";
import { createStripe, syncSubscription } from "../billing/mod.ts";
import { syncSeats } from "../metering/mod.ts";
import { defineJob } from "./define_job.ts";
import { NonRetryable } from "./job_error.ts";

/** Brings the seats of an organization's subscription to the number of its members. One is at work at a time. */
export const meteringSeats = defineJob({
  type: "metering.seats",
  summary: "Brings the seats of a subscription to the number of the organization's members.",
  payload: z.unknown(),
  timeoutMs: 60_000,
  // Some two days; the job metering.report calls another one after that.
  maxAttempts: 20,
  retry: { minMs: 2_000, maxMs: 3_600_000 },
  keep: "failures",
  async run(_payload, { env, log, signal, jobId, organizationId }) {
    if (organizationId === null) {
      throw new NonRetryable("Only organizations have seats", { code: "no_organization" });
    }
    if (env.stripeSecretKey === null) return { skipped: "billing_not_configured" };
    const stripe = createStripe(env);
    return {
      ...await syncSeats(organizationId, {
        env,
        stripe,
        key: jobId,
        signal,
        sync: (id) => syncSubscription({ env, stripe, log, signal }, id),
      }),
    };
  },
});

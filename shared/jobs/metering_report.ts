import { z } from "zod";
import { createStripe } from "../billing/mod.ts";
import { adminClient, rpc } from "../db/mod.ts";
import { reportMeters } from "../metering/mod.ts";
import { defineJob } from "./define_job.ts";

/** Tells Stripe's meters what was used in the hours that are over. What fails is told by the next, for 34 days. */
export const meteringReport = defineJob({
  type: "metering.report",
  summary: "Tells Stripe's meters what organizations used; brings seats to the numbers of members.",
  payload: z.unknown(),
  timeoutMs: 100_000,
  maxAttempts: 3,
  async run(_payload, { env, log, signal }) {
    if (env.stripeSecretKey === null) return { skipped: "billing_not_configured" };
    const seats = await rpc<number>(adminClient(env), "call_all_seats", {}, { schema: "engine", signal });
    return { ...await reportMeters({ env, stripe: createStripe(env), log, signal }), seats };
  },
});

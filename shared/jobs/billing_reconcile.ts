import { z } from "zod";
import { createStripe, reconcileBilling } from "../billing/mod.ts";
import { adminClient, rpc } from "../db/mod.ts";
import { defineJob } from "./define_job.ts";

/** The work of the system task `billing-reconcile`; of many customers one job does a part, and calls the next. */
export const billingReconcile = defineJob({
  type: "billing.reconcile",
  summary: "Compares prices, subscriptions and invoices with Stripe and repairs what differs.",
  payload: z.looseObject({
    goes_on: z.boolean().default(false).meta({ description: "After a job that did a part" }),
    seconds: z.number().min(0).max(75).default(60).meta({
      description: "How long a part may take, but for its last page",
    }),
  }),
  timeoutMs: 90_000,
  retry: { minMs: 10_000, maxMs: 600_000 },
  async run({ goes_on, seconds }, { attempt, env, log, signal }) {
    if (env.stripeSecretKey === null) return { skipped: "billing_is_not_set_up" };
    const report = await reconcileBilling({ env, stripe: createStripe(env), log, signal }, {
      timeMs: seconds * 1_000,
      goesOn: goes_on || attempt > 1,
    });
    if (report === null) return { skipped: "another_is_under_way" };
    if (report.is_whole) return { ...report };
    const next = { type: "billing.reconcile", payload: { goes_on: true, seconds }, unique_key: "goes_on" };
    const [job] = await rpc<{ id: string }[]>(adminClient(env), "enqueue_jobs", { p_jobs: [next] }, {
      schema: "engine",
      signal,
    });
    return { ...report, goes_on_as: job?.id ?? null };
  },
});

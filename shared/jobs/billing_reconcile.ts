import { z } from "zod";
import { createStripe, reconcileBilling } from "../billing/mod.ts";
import { adminClient, rpc } from "../db/mod.ts";
import { defineJob } from "./define_job.ts";

/** The work of the system task `billing-reconcile`; of many customers one job does a part, and calls the next. */
export const billingReconcile = defineJob({
  type: "billing.reconcile",
  summary: "Compares prices, subscriptions and invoices with Stripe and repairs what differs.",
  payload: z.looseObject({ goes_on: z.boolean().optional().meta({ description: "After a job that did a part" }) })
    .nullish(),
  timeoutMs: 90_000,
  retry: { minMs: 10_000, maxMs: 600_000 },
  async run(payload, { attempt, env, log, signal }) {
    if (env.stripeSecretKey === null) return { skipped: "billing_is_not_set_up" };
    const goesOn = attempt > 1 || payload?.goes_on === true;
    const report = await reconcileBilling({ env, stripe: createStripe(env), log, signal }, { goesOn });
    if (report === null) return { skipped: "another_is_under_way" };
    if (report.is_whole) return { ...report };
    const next = { type: "billing.reconcile", payload: { goes_on: true }, unique_key: "goes_on" };
    const [job] = await rpc<{ id: string }[]>(adminClient(env), "enqueue_jobs", { p_jobs: [next] }, {
      schema: "engine",
      signal,
    });
    return { ...report, goes_on_as: job?.id ?? null };
  },
});

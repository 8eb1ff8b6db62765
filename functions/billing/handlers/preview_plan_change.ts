import { previewChange } from "../../../shared/billing/mod.ts";
import { defineRoute } from "../../../shared/http/mod.ts";
import { billingOf, SYNC_REASON } from "../billing_context.ts";
import { requirePrices } from "../price_list.ts";
import { requireSubscription } from "../queries.ts";
import { choiceSchema, previewSchema } from "../schemas.ts";

/** POST /billing/preview */
export const previewPlanChange = defineRoute({
  method: "post",
  path: "/preview",
  operationId: "previewPlanChange",
  summary: "See what another plan would come to",
  description: "Changes nothing. Upwards, what is to be paid now for the rest of the period; downwards, from when.",
  tags: ["billing"],
  access: { user: "billing:read" },
  admin: SYNC_REASON,
  request: { body: choiceSchema },
  responses: { 200: { description: "What it would come to", schema: previewSchema } },
  errors: ["conflict", "billing_not_configured"],
}, async (c, { body }) => {
  const context = c.var.request;
  const billing = billingOf(context);
  const [prices, { id }] = await Promise.all([requirePrices(billing, body), requireSubscription(context)]);
  const preview = await previewChange(billing, id, body, prices);
  return {
    effective: preview.effective,
    effective_at: new Date(preview.effectiveAt * 1000).toISOString(),
    due_now: preview.dueNow,
    proration_date: preview.prorationDate,
    period_price: preview.periodPrice,
    lines: preview.lines.map(({ description, amount, isProration }) => ({
      description,
      amount,
      proration: isProration,
    })),
  };
});

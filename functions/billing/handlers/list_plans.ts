import { BILLING_INTERVALS, createStripe, findPrices, isPaidPlan, pricesOf } from "../../../shared/billing/mod.ts";
import type { PlanPrice } from "../../../shared/billing/mod.ts";
import { defineRoute } from "../../../shared/http/mod.ts";
import { findPlans } from "../queries.ts";
import { plansSchema, type PricedPlan } from "../schemas.ts";

/** GET /billing/plans */
export const listPlans = defineRoute({
  method: "get",
  path: "/plans",
  operationId: "listPlans",
  summary: "List plans and their prices",
  description: "For a page of prices: what each plan allows and costs, before taxes.",
  tags: ["billing"],
  access: { public: true },
  responses: { 200: { description: "All plans, the smaller first", schema: plansSchema } },
  errors: ["billing_not_configured"],
}, async (c) => {
  const { db, env } = c.var.request;
  // Says so where nothing is sold.
  createStripe(env);
  const [plans, prices] = await Promise.all([findPlans(db), findPrices(db)]);
  return {
    plans: plans.map((plan) => ({ ...plan, prices: pricesOfPlan(plan.plan, prices) })),
    trial_days: env.billingTrialDays,
  };
});

function pricesOfPlan(plan: PricedPlan["plan"], prices: readonly PlanPrice[]): PricedPlan["prices"] {
  if (!isPaidPlan(plan)) return [];
  return BILLING_INTERVALS.flatMap((interval) => {
    const found = pricesOf(prices, { plan, interval });
    if (found === null) return [];
    const { base, seat } = found;
    return [{ interval, price: moneyOf(base), seat: seat === null ? null : moneyOf(seat) }];
  });
}

function moneyOf({ unit_amount, currency }: PlanPrice) {
  return unit_amount === null ? null : { amount: unit_amount, currency };
}

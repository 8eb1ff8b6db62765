/**
 * The routes of billing on a test's own database, with a stand-in for Stripe.
 *
 * @module
 */
import { createStripe, type SyncContext, syncInvoice, syncSubscription } from "../../shared/billing/mod.ts";
import type { Router } from "../../shared/http/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import type { ApiUser, TestApi } from "./api.ts";
import { assertEquals } from "./assert.ts";
import { withServedApi } from "./served_api.ts";
import { startStripe, type StripeServer } from "./stripe_server/mod.ts";

/** A shop: functions, Stripe, and somebody who owns an organization. */
export interface Shop {
  readonly api: TestApi;
  readonly stripe: StripeServer;
  /** Lookup key → price id. */
  readonly prices: Readonly<Record<string, string>>;
  readonly ada: ApiUser;
  readonly context: SyncContext;
  /** Ada buys a plan and pays; answers with the subscription's id. */
  buy(plan: string, interval?: string, trial?: boolean): Promise<string>;
  /** What Stripe's events would bring: the subscription and its latest invoice as they are now. */
  hear(subscription: string): Promise<void>;
}

/** Options of {@link withShop}. */
export interface ShopOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where Stripe's clock stands, Unix seconds; {@link OPENING} when absent. */
  readonly now?: number;
}

/** 31 January 2026, noon: a day that February has not. */
export const OPENING = Date.UTC(2026, 0, 31, 12) / 1000;

/** Opens a shop. Requests that Stripe would find at fault fail the test. */
export async function withShop(
  router: Router,
  fn: (shop: Shop) => Promise<void>,
  options: ShopOptions = {},
): Promise<void> {
  await using stripe = startStripe({ now: options.now ?? OPENING });
  const env = { ...stripe.env, FRONTEND_URL: "https://app.test", BILLING_TRIAL_DAYS: "14", ...options.env };
  await withServedApi([router], async (api) => {
    const prices = stripe.addPlans();
    const ada = await api.createUser();
    const context = { env: api.env, stripe: createStripe(api.env), log: createLog("billing") };
    const hear = async (subscription: string) => {
      await syncSubscription(context, subscription);
      const { latest_invoice } = await context.stripe.subscriptions.retrieve(subscription);
      if (typeof latest_invoice === "string") await syncInvoice(context, latest_invoice);
    };
    await fn({
      api,
      stripe,
      prices,
      ada,
      context,
      hear,
      async buy(plan, interval = "month", trial = false) {
        const { body, status } = await ada.post<{ id: string }>("/billing/checkout", { plan, interval, trial });
        assertEquals(status, 200, JSON.stringify(body));
        const { id } = stripe.completeCheckout(body.id);
        await hear(id);
        return id;
      },
    });
  }, { env });
  assertEquals(stripe.faults, []);
}

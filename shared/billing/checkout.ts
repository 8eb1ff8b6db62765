/**
 * Buying: the customer at Stripe, Stripe's page to pay on, and the portal.
 *
 * @module
 */
import type { Stripe } from "stripe";
import { adminClient, asResult, rpc, run } from "../db/mod.ts";
import { conflict } from "../errors/mod.ts";
import { askStripe, isMissing, stripeKey } from "./client.ts";
import { type BillingInterval, type PaidPlan, type PlanPrice, requirePrices } from "./plans.ts";
import { type SyncContext, syncCustomer } from "./sync.ts";

/** Who buys. */
export interface Buyer {
  readonly organizationId: string;
  readonly name: string;
  /** Where receipts go; null = not known. */
  readonly email: string | null;
}

interface CustomerRow {
  readonly stripe_customer_id: string;
  readonly deleted: boolean;
}

/** The customer of an organization at Stripe; null = it has bought nothing yet. */
export async function findCustomer(context: SyncContext, organizationId: string): Promise<string | null> {
  const [row] = await run(asResult<CustomerRow[]>(
    adminClient(context.env).from("billing_customers").select("stripe_customer_id,deleted")
      .eq("organization_id", organizationId).limit(1),
  ));
  return row === undefined || row.deleted ? null : row.stripe_customer_id;
}

/**
 * The customer of an organization at Stripe, made if there is none. Of two that are made at once the first noted stays;
 * the other one has nothing, and says of itself whose it was.
 *
 * @throws {AppError} As {@link askStripe}.
 */
export async function ensureCustomer(context: SyncContext, buyer: Buyer): Promise<string> {
  const known = await findCustomer(context, buyer.organizationId);
  if (known !== null && !await isGone(context, known)) return known;
  const { organizationId, name, email } = buyer;
  const made = await askStripe(() =>
    context.stripe.customers.create({
      name,
      ...(email === null ? {} : { email }),
      metadata: { organization_id: organizationId },
    })
  );
  const { stripe_customer_id } = await rpc<CustomerRow>(
    adminClient(context.env),
    "put_billing_customer",
    { p_organization_id: organizationId, p_stripe_customer_id: made.id },
    { schema: "engine" },
  );
  await askStripe(() => syncCustomer(context, stripe_customer_id));
  return stripe_customer_id;
}

/** Whether the customer was deleted at Stripe: then that is noted. */
async function isGone(context: SyncContext, id: string): Promise<boolean> {
  const customer = await askStripe(async () => {
    try {
      return await context.stripe.customers.retrieve(id);
    } catch (error) {
      // Of another account, or of the other mode: the key was changed.
      if (isMissing(error)) throw conflict("The customer is not in this Stripe account; ask the operator");
      throw error;
    }
  });
  if (!customer.deleted) return false;
  await askStripe(() => syncCustomer(context, id));
  return true;
}

/** What is bought, and where Stripe sends the buyer afterwards. */
export interface CheckoutOrder {
  readonly plan: PaidPlan;
  readonly interval: BillingInterval;
  /** Members beyond those that the plan includes. */
  readonly furtherSeats: number;
  /** Days of the trial, if the organization may have one; 0 = none. */
  readonly trialDays: number;
  readonly successUrl: string;
  readonly cancelUrl: string;
  /** The caller's own key for this request; null = none. */
  readonly requestKey: string | null;
}

/** A page to pay on. */
export interface OpenCheckout {
  readonly id: string;
  readonly url: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** 0 = without a trial. */
  readonly trialDays: number;
}

/**
 * Opens Stripe's page for an order. An organization has one such page at a time: the one before is closed, so that
 * nobody pays twice from two tabs.
 *
 * @throws {AppError} `conflict` when there is a subscription already; as {@link askStripe}.
 */
export async function openCheckout(
  context: SyncContext,
  buyer: Buyer,
  order: CheckoutOrder,
  prices: readonly PlanPrice[],
): Promise<OpenCheckout> {
  const lines = toLines(order, prices);
  const customer = await ensureCustomer(context, buyer);
  const trialDays = await judgeHistory(context, customer, order.trialDays);
  const { organizationId } = buyer;
  const session = await askStripe(() =>
    context.stripe.checkout.sessions.create({
      mode: "subscription",
      customer,
      client_reference_id: organizationId,
      line_items: lines,
      success_url: order.successUrl,
      cancel_url: order.cancelUrl,
      // Without these Stripe does not let a customer that there is already give a tax id.
      customer_update: { name: "auto", address: "auto" },
      tax_id_collection: { enabled: true },
      allow_promotion_codes: true,
      metadata: { organization_id: organizationId, plan: order.plan },
      subscription_data: {
        metadata: { organization_id: organizationId },
        ...(trialDays === 0 ? {} : { trial_period_days: trialDays }),
      },
    }, order.requestKey === null ? {} : { idempotencyKey: stripeKey("checkout", organizationId, order.requestKey) })
  );
  const open = await keepNewest(context, customer, session);
  return { id: open.id, url: open.url ?? "", expiresAt: open.expires_at, trialDays };
}

function toLines({ plan, interval, furtherSeats }: CheckoutOrder, prices: readonly PlanPrice[]) {
  const { base, seat } = requirePrices(prices, { plan, interval });
  const lines: Stripe.Checkout.SessionCreateParams.LineItem[] = [{ price: base.stripe_price_id, quantity: 1 }];
  if (seat !== null && furtherSeats > 0) lines.push({ price: seat.stripe_price_id, quantity: furtherSeats });
  // Stripe bills by the month what meters count: it goes with plans of a month.
  if (interval === "month") {
    const meters = prices.filter(({ kind, currency }) => kind === "meter" && currency === base.currency);
    lines.push(...meters.map(({ stripe_price_id }) => ({ price: stripe_price_id })));
  }
  return lines;
}

/** Refuses who has a subscription, and a second trial. By what Stripe knows, which our tables may not have heard yet. */
async function judgeHistory(context: SyncContext, customer: string, trialDays: number): Promise<number> {
  const { data } = await askStripe(() => context.stripe.subscriptions.list({ customer, status: "all", limit: 100 }));
  if (data.some(({ status }) => !ENDED.has(status))) {
    throw conflict("There is a subscription already: change it with POST /billing/change");
  }
  return data.some(({ trial_start }) => trial_start !== null) ? 0 : trialDays;
}

/** States of a subscription that is no more. */
const ENDED: ReadonlySet<string> = new Set(["canceled", "incomplete_expired"]);

/** Closes all open pages but the newest. Two that open one at once agree on which that is. */
async function keepNewest(
  { stripe }: SyncContext,
  customer: string,
  { id }: Stripe.Checkout.Session,
): Promise<Stripe.Checkout.Session> {
  const [own, { data }] = await askStripe(() =>
    Promise.all([
      // A request that is repeated is answered with what the page was at first.
      stripe.checkout.sessions.retrieve(id),
      stripe.checkout.sessions.list({ customer, status: "open", limit: 100 }),
    ])
  );
  const open = data.some((session) => session.id === id) ? data : [own, ...data];
  const [newest] = open.filter(({ status }) => status === "open")
    .toSorted((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  for (const session of open) {
    if (session.id === newest?.id || session.status !== "open") continue;
    if (await closePage(stripe, session.id) !== "complete") continue;
    // Paid in this moment: that is the subscription, and a second page would make another one.
    if (newest !== undefined) await closePage(stripe, newest.id);
    throw conflict("There is a subscription already: change it with POST /billing/change");
  }
  if (newest?.id !== id) throw conflict("The page is closed: it was paid on, or another one was opened since");
  return own;
}

/** Closes a page; answers with what it is then. */
async function closePage(stripe: Stripe, id: string): Promise<Stripe.Checkout.Session["status"]> {
  return await askStripe(async () => {
    try {
      return (await stripe.checkout.sessions.expire(id)).status;
    } catch (error) {
      const { status } = await stripe.checkout.sessions.retrieve(id);
      if (status === "open") throw error;
      return status;
    }
  });
}

/**
 * Opens Stripe's portal: means of payment, invoices, address.
 *
 * @throws {AppError} `conflict` when the organization has bought nothing yet; as {@link askStripe}.
 */
export async function openPortal(context: SyncContext, organizationId: string, returnUrl: string): Promise<string> {
  const customer = await requireCustomer(context, organizationId);
  const session = await askStripe(() =>
    context.stripe.billingPortal.sessions.create({ customer, return_url: returnUrl })
  );
  return session.url;
}

/**
 * The customer of an organization at Stripe.
 *
 * @throws {AppError} `conflict` when it has bought nothing yet.
 */
export async function requireCustomer(context: SyncContext, organizationId: string): Promise<string> {
  const customer = await findCustomer(context, organizationId);
  if (customer === null) throw conflict("The organization has bought nothing yet: begin with POST /billing/checkout");
  return customer;
}

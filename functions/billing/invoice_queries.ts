/**
 * Invoices and events of Stripe, as functions reach them.
 *
 * @module
 */
import {
  createStripe,
  fromStripe,
  isMissing,
  type StripeEventFacts,
  stripeKey,
  syncInvoice,
} from "../../shared/billing/mod.ts";
import { adminClient, asResult, type DatabaseClient, type Page, rpc, runSingle } from "../../shared/db/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { AppError, conflict, invalidRequest, notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, RequestContext, UserContext } from "../../shared/http/mod.ts";
import { chargeStep } from "../../shared/money/mod.ts";
import { INVOICES } from "./invoice_lists.ts";
import { type Invoice, INVOICE_FIELDS, type RefundInput } from "./invoice_schemas.ts";

/** A page of the organization's invoices. */
export function findInvoices(context: UserContext, query: AnyListQuery): Promise<Page<Invoice>> {
  const rows = context.db.from("invoices").select(INVOICES.columns(query)).eq(
    "organization_id",
    context.organizationId,
  );
  return INVOICES.find(asResult<Invoice[]>(rows), context, query);
}

/**
 * An invoice.
 *
 * @throws {AppError} `not_found`.
 */
export function findInvoice(db: DatabaseClient, id: string): Promise<Invoice> {
  const query = db.from("invoices").select(INVOICE_FIELDS.join(",")).eq("stripe_invoice_id", id).maybeSingle();
  return runSingle(asResult<Invoice>(query), () => notFound("invoice"));
}

/**
 * Gives back what was paid of an invoice, or a part. How much is left, Stripe decides: two refunds at once cannot give
 * back more than was paid.
 *
 * @param key Of the request: the same one never gives back twice.
 * @throws {AppError} `invalid_request` for a part that cannot be charged; `conflict` when it is not paid, or less is left than asked for.
 */
export async function refundInvoice(
  { db, env, log }: RequestContext,
  id: string,
  { amount, reason }: RefundInput,
  key: string,
): Promise<Invoice> {
  const stripe = createStripe(env);
  const { status, currency } = await findInvoice(db, id);
  if (amount !== undefined && amount % chargeStep(currency) !== 0) {
    const message = `${currency} goes in steps of ${chargeStep(currency)}`;
    throw invalidRequest([{ path: "body.amount", code: "not_multiple_of", message }]);
  }
  if (status !== "paid") throw conflict(`The invoice is ${status}: only what was paid can be given back`);
  try {
    const { data } = await stripe.invoicePayments.list({ invoice: id, status: "paid", limit: 100 });
    const payment = data.find((one) => one.payment.type === "payment_intent")?.payment.payment_intent;
    if (payment === undefined) throw conflict("Nothing was charged for this invoice");
    await stripe.refunds.create({
      payment_intent: typeof payment === "string" ? payment : payment.id,
      reason,
      ...(amount === undefined ? {} : { amount }),
      metadata: { invoice: id },
    }, { idempotencyKey: stripeKey("refund", id, key) });
  } catch (error) {
    const { code, param } = error as { code?: unknown; param?: unknown };
    if (code === "charge_already_refunded" || param === "amount") {
      throw conflict("Less is left of the payment than is to be given back");
    }
    if (isMissing(error)) throw notFound("invoice");
    throw error instanceof AppError ? error : fromStripe(error);
  }
  await syncInvoice({ env, stripe, log }, id);
  return await findInvoice(db, id);
}

/**
 * Keeps an event of Stripe and calls a job for it.
 *
 * @param payload The body as it came, base64.
 * @returns False when it came before.
 */
export async function keepStripeEvent(env: Env, event: StripeEventFacts, payload: string): Promise<boolean> {
  const reply = await rpc<{ new: string[] }>(adminClient(env), "receive_stripe_events", {
    p_events: [{ ...event, payload }],
  }, { schema: "engine" });
  return reply.new.length > 0;
}

/**
 * Payments of Stripe's stand-in: charges, refunds, disputes.
 *
 * @module
 */
import type { Stripe } from "stripe";
import { integer, invalid, metadata, type Params, text } from "./form.ts";
import { PAGED, route } from "./routes.ts";
import { idOf, type StripeWorld } from "./world.ts";

/** The routes of this file. */
export const PAYMENT_ROUTES = [
  route("GET /v1/payment_intents/:id", "", (world, _, [id = ""]) => world.get("payment_intent", id)),
  route("GET /v1/charges/:id", "", (world, _, [id = ""]) => world.get("charge", id)),
  route("GET /v1/charges", `${PAGED} customer payment_intent`, (world, params) => {
    const [customer, intent] = ["customer", "payment_intent"].map((name) => text(params, name));
    const found = world.all("charge").filter((one) =>
      (customer === undefined || one.customer === customer) && (intent === undefined || one.payment_intent === intent)
    );
    return world.page(params, "/v1/charges", found);
  }),
  route("GET /v1/invoice_payments", `${PAGED} invoice payment status`, listInvoicePayments),
  route("GET /v1/invoice_payments/:id", "", (world, _, [id = ""]) => world.get("invoice_payment", id)),
  route("POST /v1/refunds", "charge payment_intent amount reason metadata", refund),
  route("GET /v1/refunds/:id", "", (world, _, [id = ""]) => world.get("refund", id)),
  route("GET /v1/refunds", `${PAGED} charge payment_intent`, (world, params) => {
    const [of, intent] = ["charge", "payment_intent"].map((name) => text(params, name));
    const found = world.all("refund").filter((one) =>
      (of === undefined || one.charge === of) && (intent === undefined || one.payment_intent === intent)
    );
    return world.page(params, "/v1/refunds", found);
  }),
  route("GET /v1/disputes/:id", "", (world, _, [id = ""]) => world.get("dispute", id)),
  route("GET /v1/disputes", `${PAGED} charge payment_intent`, (world, params) => {
    const [of, intent] = ["charge", "payment_intent"].map((name) => text(params, name));
    const found = world.all("dispute").filter((one) =>
      (of === undefined || one.charge === of) && (intent === undefined || one.payment_intent === intent)
    );
    return world.page(params, "/v1/disputes", found);
  }),
];

function listInvoicePayments(world: StripeWorld, params: Params) {
  const invoice = text(params, "invoice");
  const payment = params.payment as Params | undefined;
  const intent = payment === undefined ? undefined : text(payment, "payment_intent");
  const found = world.all("invoice_payment").filter((one) =>
    (invoice === undefined || one.invoice === invoice) &&
    (intent === undefined || one.payment.payment_intent === intent)
  );
  return world.page(params, "/v1/invoice_payments", found);
}

/** Charges a customer's card for an invoice, as the account's mood says. */
export function charge(world: StripeWorld, invoice: Stripe.Invoice): { ok: boolean; needsAction: boolean } {
  const customer = idOf(invoice.customer);
  const mood = world.payments.get(customer) ?? "succeeds";
  const ok = mood === "succeeds";
  const amount = invoice.amount_remaining;
  const intent = paymentIntentOf(world, invoice);
  intent.status = ok ? "succeeded" : mood === "needs_action" ? "requires_action" : "requires_payment_method";
  intent.amount_received = ok ? amount : 0;
  if (mood === "needs_action") return { ok, needsAction: true };
  const made = world.keep(newCharge(world, invoice, intent.id, ok));
  intent.latest_charge = made.id;
  world.emit(ok ? "charge.succeeded" : "charge.failed", made);
  world.emit(ok ? "payment_intent.succeeded" : "payment_intent.payment_failed", intent);
  const payment = world.all("invoice_payment").find((one) => one.payment.payment_intent === intent.id);
  if (ok && payment !== undefined) {
    payment.status = "paid";
    payment.amount_paid = amount;
    payment.status_transitions.paid_at = world.now;
    world.emit("invoice_payment.paid", payment);
  }
  return { ok, needsAction: false };
}

/** An invoice has one payment intent, whatever the number of attempts. */
function paymentIntentOf(world: StripeWorld, invoice: Stripe.Invoice): Stripe.PaymentIntent {
  const known = world.all("invoice_payment").find((one) => one.invoice === invoice.id);
  if (known !== undefined) return world.get("payment_intent", idOf(known.payment.payment_intent));
  const intent = world.keep({
    id: world.id("pi"),
    object: "payment_intent",
    amount: invoice.amount_remaining,
    amount_capturable: 0,
    amount_received: 0,
    capture_method: "automatic",
    confirmation_method: "automatic",
    created: world.now,
    currency: invoice.currency,
    customer: idOf(invoice.customer),
    description: "Subscription update",
    latest_charge: null,
    livemode: false,
    metadata: {},
    payment_method: "pm_1St00000000000000",
    payment_method_types: ["card"],
    status: "requires_payment_method",
  } as unknown as Stripe.PaymentIntent);
  world.keep<Stripe.InvoicePayment>({
    id: world.id("inpay"),
    object: "invoice_payment",
    amount_paid: null,
    amount_requested: invoice.amount_remaining,
    created: world.now,
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { type: "payment_intent", payment_intent: intent.id },
    status: "open",
    status_transitions: { canceled_at: null, paid_at: null },
  });
  return intent;
}

function newCharge(world: StripeWorld, invoice: Stripe.Invoice, intent: string, ok: boolean): Stripe.Charge {
  const amount = invoice.amount_remaining;
  return {
    id: world.id("ch"),
    object: "charge",
    amount,
    amount_captured: ok ? amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: ok ? world.id("txn") : null,
    billing_details: { address: null, email: invoice.customer_email, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: "MILLRACE",
    captured: ok,
    created: world.now,
    currency: invoice.currency,
    customer: idOf(invoice.customer),
    description: "Subscription update",
    disputed: false,
    failure_balance_transaction: null,
    failure_code: ok ? null : "card_declined",
    failure_message: ok ? null : "Your card has insufficient funds.",
    fraud_details: {},
    livemode: false,
    metadata: {},
    on_behalf_of: null,
    outcome: null,
    paid: ok,
    payment_intent: intent,
    payment_method: "pm_1St00000000000000",
    payment_method_details: {
      type: "card",
      card: { brand: "visa", last4: "4242", exp_month: 12, exp_year: 2030, country: "DE", funding: "credit" },
    } as Stripe.Charge.PaymentMethodDetails,
    receipt_email: null,
    receipt_number: null,
    receipt_url: ok ? `https://pay.stripe.com/receipts/invoices/${invoice.id}` : null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: ok ? "succeeded" : "failed",
    transfer_data: null,
    transfer_group: null,
  };
}

function refund(world: StripeWorld, params: Params): Stripe.Refund {
  const intent = text(params, "payment_intent");
  const id = text(params, "charge") ??
    idOf(intent === undefined ? "" : world.get("payment_intent", intent).latest_charge);
  return refundCharge(world, id, integer(params, "amount"), metadata(params));
}

/** Gives back what a charge took, or a part of it. */
export function refundCharge(
  world: StripeWorld,
  id: string,
  amount?: number,
  meta: Record<string, string> = {},
): Stripe.Refund {
  const charged = world.get("charge", id, "charge");
  const left = charged.amount_captured - charged.amount_refunded;
  if (left === 0) throw invalid(`Charge ${id} has already been refunded.`, undefined, "charge_already_refunded");
  const part = amount ?? left;
  if (part < 1) throw invalid("Invalid positive integer", "amount", "parameter_invalid_integer");
  if (part > left) {
    throw invalid(`Refund amount (${part}) is greater than unrefunded amount on charge (${left})`, "amount");
  }
  const made = world.keep<Stripe.Refund>({
    id: world.id("re"),
    object: "refund",
    amount: part,
    balance_transaction: world.id("txn"),
    charge: id,
    created: world.now,
    currency: charged.currency,
    customer: idOf(charged.customer),
    customer_account: null,
    metadata: meta,
    payment_intent: idOf(charged.payment_intent),
    payment_method: charged.payment_method,
    reason: "requested_by_customer",
    receipt_number: null,
    source_transfer_reversal: null,
    status: "succeeded",
    transfer_reversal: null,
  });
  charged.amount_refunded += part;
  charged.refunded = charged.amount_refunded === charged.amount_captured;
  world.emit("refund.created", made);
  world.emit("charge.refunded", charged);
  return made;
}

/** A customer's bank disputes a charge. */
export function disputeCharge(world: StripeWorld, id: string): Stripe.Dispute {
  const charged = world.get("charge", id);
  charged.disputed = true;
  const dispute = world.keep({
    id: world.id("du"),
    object: "dispute",
    amount: charged.amount,
    balance_transactions: [],
    charge: id,
    created: world.now,
    currency: charged.currency,
    enhanced_eligibility_types: [],
    evidence: {},
    evidence_details: {
      due_by: world.now + 7 * 86_400,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: null,
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    network_reason_code: "10.4",
    payment_intent: charged.payment_intent,
    reason: "fraudulent",
    status: "needs_response",
  } as unknown as Stripe.Dispute);
  world.emit("charge.dispute.created", dispute);
  world.emit("charge.dispute.funds_withdrawn", dispute);
  return dispute;
}

/** The bank decides a dispute. */
export function closeDispute(world: StripeWorld, id: string, status: "won" | "lost"): Stripe.Dispute {
  const dispute = world.get("dispute", id);
  dispute.status = status;
  if (status === "won") world.emit("charge.dispute.funds_reinstated", dispute);
  world.emit("charge.dispute.closed", dispute);
  return dispute;
}

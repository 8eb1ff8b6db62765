/**
 * Plans and payments: the client of Stripe, and what Stripe says.
 *
 * @module
 */
export { askStripe, createStripe, fromStripe, isMissing, isRefused, STRIPE_API_VERSION, stripeKey } from "./client.ts";
export {
  cancelAtPeriodEnd,
  type CancelFeedback,
  changePlan,
  type ChangePreview,
  type ChangeResult,
  previewChange,
  resume,
} from "./change.ts";
export { type Buyer, type CheckoutOrder, type OpenCheckout, openCheckout, openPortal } from "./checkout.ts";
export {
  BILLING_INTERVALS,
  type BillingInterval,
  findPrices,
  isPaidPlan,
  PAID_PLANS,
  type PaidPlan,
  type PlanChoice,
  type PlanPrice,
  pricesOf,
  requirePrices,
} from "./plans.ts";
export { addTaxId, listTaxIds, type NewTaxId, removeTaxId, type TaxId } from "./tax_ids.ts";
export { isLiveKey, readStripeEvent, type StripeEventFacts, type SyncKind } from "./events.ts";
export { type Difference, reconcileBilling, type ReconcileOptions, type ReconcileReport } from "./reconcile.ts";
export {
  syncCharge,
  type SyncContext,
  syncCustomer,
  syncDispute,
  syncInvoice,
  syncPrices,
  type SyncReport,
  type SyncResult,
  syncSubscription,
} from "./sync.ts";
export { toCustomerRow, toInvoiceRow, toSubscriptionRow } from "./sync_rows.ts";
export { type WorkedOff, workOffEvents } from "./work_off.ts";

import { createRouter } from "../../shared/http/mod.ts";
import { createTaxId } from "./handlers/create_tax_id.ts";
import { createBudget } from "./handlers/create_budget.ts";
import { deleteBudget } from "./handlers/delete_budget.ts";
import { getBudget } from "./handlers/get_budget.ts";
import { listBudgets } from "./handlers/list_budgets.ts";
import { updateBudget } from "./handlers/update_budget.ts";
import { cancelSubscription } from "./handlers/cancel_subscription.ts";
import { changePlanNow } from "./handlers/change_plan_now.ts";
import { getBilling } from "./handlers/get_billing.ts";
import { getInvoice } from "./handlers/get_invoice.ts";
import { listInvoices } from "./handlers/list_invoices.ts";
import { listPlans } from "./handlers/list_plans.ts";
import { getTaxIds } from "./handlers/get_tax_ids.ts";
import { openCheckoutPage } from "./handlers/open_checkout_page.ts";
import { openPortalPage } from "./handlers/open_portal_page.ts";
import { previewPlanChange } from "./handlers/preview_plan_change.ts";
import { receiveStripeWebhook } from "./handlers/receive_stripe_webhook.ts";
import { refundInvoice } from "./handlers/refund_invoice.ts";
import { deleteTaxId } from "./handlers/delete_tax_id.ts";
import { resumeSubscription } from "./handlers/resume_subscription.ts";
import { getUsage } from "./handlers/get_usage.ts";

/** What an organization buys, uses, pays for, and may spend; and what Stripe tells us of it. */
export const router = createRouter("billing", [
  getBilling,
  listPlans,
  openCheckoutPage,
  openPortalPage,
  previewPlanChange,
  changePlanNow,
  cancelSubscription,
  resumeSubscription,
  getTaxIds,
  createTaxId,
  deleteTaxId,
  getUsage,
  listBudgets,
  createBudget,
  getBudget,
  updateBudget,
  deleteBudget,
  listInvoices,
  getInvoice,
  refundInvoice,
  receiveStripeWebhook,
]);

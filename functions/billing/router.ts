import { createRouter } from "../../shared/http/mod.ts";
import { createTaxId } from "./handlers/add_tax_id.ts";
import { createBudget } from "./handlers/budget_create.ts";
import { deleteBudget } from "./handlers/budget_delete.ts";
import { getBudget } from "./handlers/budget_get.ts";
import { listBudgets } from "./handlers/budget_list.ts";
import { updateBudget } from "./handlers/budget_update.ts";
import { cancelSubscription } from "./handlers/cancel_subscription.ts";
import { changePlanNow } from "./handlers/change_plan.ts";
import { getBilling } from "./handlers/get_billing.ts";
import { getInvoice } from "./handlers/get_invoice.ts";
import { listInvoices } from "./handlers/list_invoices.ts";
import { listPlans } from "./handlers/list_plans.ts";
import { getTaxIds } from "./handlers/list_tax_ids.ts";
import { openCheckoutPage } from "./handlers/open_checkout.ts";
import { openPortalPage } from "./handlers/open_portal.ts";
import { previewPlanChange } from "./handlers/preview_change.ts";
import { receiveStripeWebhook } from "./handlers/receive_stripe_webhook.ts";
import { refundInvoice } from "./handlers/refund_invoice.ts";
import { deleteTaxId } from "./handlers/remove_tax_id.ts";
import { resumeSubscription } from "./handlers/resume_subscription.ts";
import { getUsage } from "./handlers/usage_get.ts";

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

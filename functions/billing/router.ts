import { createRouter } from "../../shared/http/mod.ts";
import { createBudget } from "./handlers/budget_create.ts";
import { deleteBudget } from "./handlers/budget_delete.ts";
import { getBudget } from "./handlers/budget_get.ts";
import { listBudgets } from "./handlers/budget_list.ts";
import { updateBudget } from "./handlers/budget_update.ts";
import { getInvoice } from "./handlers/get_invoice.ts";
import { listInvoices } from "./handlers/list_invoices.ts";
import { receiveStripeWebhook } from "./handlers/receive_stripe_webhook.ts";
import { refundInvoice } from "./handlers/refund_invoice.ts";
import { getUsage } from "./handlers/usage_get.ts";

/** What an organization uses, pays for, and may spend; and what Stripe tells us of it. */
export const router = createRouter("billing", [
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

import { createRouter } from "../../shared/http/mod.ts";
import { createBudget } from "./handlers/budget_create.ts";
import { deleteBudget } from "./handlers/budget_delete.ts";
import { getBudget } from "./handlers/budget_get.ts";
import { listBudgets } from "./handlers/budget_list.ts";
import { updateBudget } from "./handlers/budget_update.ts";
import { getUsage } from "./handlers/usage_get.ts";

/** What an organization uses, pays for, and may spend. */
export const router = createRouter("billing", [
  getUsage,
  listBudgets,
  createBudget,
  getBudget,
  updateBudget,
  deleteBudget,
]);

import { defineRoute } from "../../../shared/http/mod.ts";
import { BUDGETS } from "../budget_lists.ts";
import { findBudgets } from "../budget_queries.ts";

/** GET /billing/budgets */
export const listBudgets = defineRoute({
  method: "get",
  path: "/budgets",
  operationId: "listBudgets",
  summary: "List budgets",
  description: "The budgets of the organization and of its flows, newest first. What is used of one it says itself.",
  tags: ["billing"],
  access: { user: "billing:read" },
  list: BUDGETS,
  responses: { 200: { description: "A page of budgets", schema: BUDGETS.page() } },
}, (c, { query }) => findBudgets(c.var.request, query));

import { defineRoute, etag, idParams, reply } from "../../../shared/http/mod.ts";
import { findBudget } from "../budget_queries.ts";
import { budgetSchema } from "../budget_schemas.ts";

/** GET /billing/budgets/:id */
export const getBudget = defineRoute({
  method: "get",
  path: "/budgets/:id",
  operationId: "getBudget",
  summary: "Get a budget",
  description: "With what is used of it in this day or month, and what calls under way have reserved.",
  tags: ["billing"],
  access: { user: "billing:read" },
  request: { params: idParams },
  responses: {
    200: {
      description: "The budget",
      schema: budgetSchema,
      headers: { ETag: "The version of the budget, for If-Match. What is used does not change it" },
    },
  },
  errors: ["not_found"],
}, async (c, { params }) => {
  const budget = await findBudget(c.var.request.db, params.id);
  return reply(200, budget, { ETag: etag(budget.version) });
});

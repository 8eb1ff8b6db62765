import { defineRoute, etag, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { saveBudget } from "../budget_queries.ts";
import { budgetChangesSchema, budgetSchema } from "../budget_schemas.ts";

/** PATCH /billing/budgets/:id */
export const updateBudget = defineRoute({
  method: "patch",
  path: "/budgets/:id",
  operationId: "updateBudget",
  summary: "Change a budget",
  description: "Changes what is named and leaves the rest, from the next call of a model on. Takes `If-Match`.",
  tags: ["billing"],
  access: { user: "billing:write" },
  request: { params: idParams, headers: ifMatchHeaders, body: budgetChangesSchema },
  responses: {
    200: {
      description: "The budget as it is now",
      schema: budgetSchema,
      headers: { ETag: "The version of the budget, for If-Match" },
    },
  },
  errors: ["not_found", "version_mismatch"],
}, async (c, { params, body }) => {
  const budget = await saveBudget(c.var.request.db, params.id, body, readIfMatch(c));
  return reply(200, budget, { ETag: etag(budget.version) });
});

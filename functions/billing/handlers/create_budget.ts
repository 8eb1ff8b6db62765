import {
  defineRoute,
  etag,
  idempotencyHeaders,
  readIdempotencyKey,
  reply,
  resourceUrl,
} from "../../../shared/http/mod.ts";
import { insertBudget } from "../budget_queries.ts";
import { budgetSchema, newBudgetSchema } from "../budget_schemas.ts";

/** POST /billing/budgets */
export const createBudget = defineRoute({
  method: "post",
  path: "/budgets",
  operationId: "createBudget",
  summary: "Create a budget",
  description:
    "What was used before in the present day or month counts. Owners and admins are told by mail at 50, 80 " +
    "and 100 percent, subscriptions by the event `budget.reached`.",
  tags: ["billing"],
  access: { user: "billing:write" },
  request: { headers: idempotencyHeaders, body: newBudgetSchema },
  responses: {
    201: {
      description: "The new budget",
      schema: budgetSchema,
      headers: { ETag: "The version of the budget", Location: "The address of the budget" },
    },
  },
  errors: ["not_found", "conflict", "idempotency_mismatch"],
}, async (c, { body }) => {
  const budget = await insertBudget(c.var.request, body, readIdempotencyKey(c));
  return reply(201, budget, {
    ETag: etag(budget.version),
    Location: resourceUrl(c, "billing", "budgets", budget.id),
  });
});

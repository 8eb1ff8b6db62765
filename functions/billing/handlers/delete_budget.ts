import { defineRoute, idParams, ifMatchHeaders, readIfMatch, reply } from "../../../shared/http/mod.ts";
import { removeBudget } from "../budget_queries.ts";

/** DELETE /billing/budgets/:id */
export const deleteBudget = defineRoute({
  method: "delete",
  path: "/budgets/:id",
  operationId: "deleteBudget",
  summary: "Delete a budget",
  description: "It stops nothing more. What was used stays counted.",
  tags: ["billing"],
  access: { user: "billing:write" },
  request: { params: idParams, headers: ifMatchHeaders },
  responses: { 204: { description: "It is gone" } },
  errors: ["not_found", "version_mismatch"],
}, async (c, { params }) => {
  await removeBudget(c.var.request.db, params.id, readIfMatch(c));
  return reply(204, undefined);
});

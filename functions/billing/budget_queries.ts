import { asResult, type DatabaseClient, type Page, rpc } from "../../shared/db/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { BUDGETS } from "./budget_lists.ts";
import type { Budget, BudgetChanges, BudgetRow, NewBudget } from "./budget_schemas.ts";

/** A page of the organization's budgets. What is used of each is in the budget itself: the list asks one table. */
export function findBudgets(context: UserContext, query: AnyListQuery): Promise<Page<BudgetRow>> {
  const rows = context.db.from("budgets").select(BUDGETS.columns(query))
    .eq("organization_id", context.organizationId);
  return BUDGETS.find(asResult<BudgetRow[]>(rows), context, query);
}

/**
 * A budget with what is used of it.
 *
 * @throws {AppError} `not_found`.
 */
export function findBudget(db: DatabaseClient, id: string): Promise<Budget> {
  return rpc<Budget>(db, "get_budget", { p_budget_id: id });
}

/** Makes a budget. */
export function insertBudget(
  { db, organizationId }: UserContext,
  budget: NewBudget,
  idempotencyKey: string | null,
): Promise<Budget> {
  return rpc<Budget>(db, "create_budget", {
    p_organization_id: organizationId,
    p_settings: budget,
    p_idempotency_key: idempotencyKey,
  });
}

/** Changes a budget. */
export function saveBudget(
  db: DatabaseClient,
  id: string,
  changes: BudgetChanges,
  version: number | null,
): Promise<Budget> {
  return rpc<Budget>(db, "update_budget", { p_budget_id: id, p_changes: changes, p_if_version: version });
}

/** Deletes a budget. */
export async function removeBudget(db: DatabaseClient, id: string, version: number | null): Promise<void> {
  await rpc(db, "delete_budget", { p_budget_id: id, p_if_version: version });
}

/**
 * What can be asked of the list of budgets.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import { budgetRowSchema, meterSchema } from "./budget_schemas.ts";

/** Budgets of an organization. */
export const BUDGETS = defineList({
  name: "budgets",
  item: budgetRowSchema,
  sort: { created_at: "created_at", name: "name", amount: "amount", updated_at: "updated_at" },
  defaultSort: "-created_at",
  filters: {
    meter: where.equals(meterSchema),
    flow_id: where.equals(z.uuid()),
    q: where.text(["name"]),
  },
});

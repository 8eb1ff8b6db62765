import { z } from "zod";

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

const name = z.string().min(1).max(200);
const amount = z.int().min(1).max(1_000_000_000_000_000).meta({
  description: "How much may be used in a period. Of `cost` in millionths of a US dollar: 50 dollars are 50000000",
  examples: [50_000_000],
});
const period = z.enum(["day", "month"]).meta({ description: "It begins anew each day or month, at midnight UTC" });
/** What a budget counts. */
export const meterSchema = z.enum(["cost", "ai_tokens", "runs", "steps"]).meta({
  description: "`cost` and `ai_tokens` of calls of models; `runs`; `steps`",
});
const onLimit = z.enum(["stop", "warn"]).meta({
  description: "`stop` = a call of a model that does not fit any more fails before it is made. `warn` = people are " +
    "told, and nothing is stopped. Runs and steps are counted afterwards: they can only warn",
});

/** A new budget. */
export const newBudgetSchema = z.strictObject({
  name,
  flow_id: z.uuid().optional().meta({ description: "Only what this flow uses; absent = all flows together" }),
  meter: meterSchema,
  period: period.default("month"),
  amount,
  on_limit: onLimit.optional().meta({ description: "`stop` when absent, for runs and steps `warn`" }),
  is_enabled: z.boolean().default(true),
}).meta({
  id: "NewBudget",
  examples: [{ name: "Models", meter: "cost", period: "month", amount: 50_000_000, on_limit: "stop" }],
});

/** A new budget. */
export type NewBudget = z.output<typeof newBudgetSchema>;

/** Changes of a budget. */
export const budgetChangesSchema = z.strictObject({
  name: name.optional(),
  amount: amount.optional(),
  on_limit: onLimit.optional(),
  is_enabled: z.boolean().optional(),
}).meta({ id: "BudgetChanges", examples: [{ amount: 100_000_000 }] });

/** Changes of a budget. */
export type BudgetChanges = z.output<typeof budgetChangesSchema>;

/** What is stored of a budget. */
export const budgetRowSchema = z.object({
  id: z.uuid(),
  organization_id: z.uuid(),
  flow_id: z.uuid().nullable(),
  name: z.string(),
  meter: meterSchema,
  period,
  amount,
  on_limit: onLimit,
  is_enabled: z.boolean(),
  created_by: z.uuid().nullable(),
  version: z.int().meta({ description: "Raised by every change; the ETag. Use is no change" }),
  created_at: timestamp,
  updated_at: timestamp,
});

/** What is stored of a budget. */
export type BudgetRow = z.output<typeof budgetRowSchema>;

/** A budget with what is used of it. */
export const budgetSchema = budgetRowSchema.extend({
  flow_name: z.string().nullable(),
  currency: z.literal("USD").nullable().meta({ description: "Of `cost`; null = it counts no money" }),
  used: z.int().min(0).meta({ description: "In this period" }),
  reserved: z.int().min(0).meta({ description: "For calls that are under way, as their nodes have estimated it" }),
  starts_at: timestamp.meta({ description: "Begin of this period" }),
  resets_at: timestamp.meta({ description: "Begin of the next one" }),
}).meta({ id: "Budget", description: "How much may be used of something in a day or month" });

/** A budget with what is used of it. */
export type Budget = z.output<typeof budgetSchema>;

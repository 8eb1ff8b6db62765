import { z } from "zod";
import { runStatusSchema, runTriggerSchema } from "../../shared/runs/mod.ts";

const moment = z.iso.datetime({ offset: true });

/** What can be done to many runs. */
export const bulkActionSchema = z.enum(["cancel", "retry", "delete", "resume", "pause"]);

/** Which runs are meant: as the list filters them. */
export const bulkFilterSchema = z.strictObject({
  flow_id: z.uuid().optional(),
  status: z.array(runStatusSchema).min(1).optional(),
  trigger: z.array(runTriggerSchema).min(1).optional(),
  retry_of: z.uuid().optional(),
  entity_id: z.uuid().optional(),
  parent_run_id: z.uuid().optional(),
  schedule_id: z.uuid().optional(),
  created_after: moment.optional(),
  created_before: moment.optional(),
}).refine((filter) => Object.keys(filter).length > 0, "Name at least one thing: without any, every run would be meant");

/** A bulk operation and how far it is. */
export const bulkOperationSchema = z.object({
  id: z.uuid(),
  organization_id: z.uuid(),
  action: bulkActionSchema,
  filter: z.record(z.string(), z.unknown()),
  status: z.enum(["queued", "running", "completed", "cancelled", "failed"]).meta({
    description: "failed = who asked may not do it any more",
  }),
  total: z.int().meta({ description: "Runs found when it was made" }),
  done: z.int(),
  failed: z.int().meta({ description: "Runs that refused it" }),
  errors: z.array(z.object({ run_id: z.uuid(), code: z.string(), message: z.string() }))
    .meta({ description: "The first twenty of those" }),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  created_by: z.uuid(),
  created_at: moment,
  finished_at: moment.nullable(),
}).meta({ id: "BulkOperation", description: "One action on many runs, and how far it is" });

/** A bulk operation and how far it is. */
export type BulkOperation = z.infer<typeof bulkOperationSchema>;
/** Which runs are meant. */
export type BulkFilter = z.infer<typeof bulkFilterSchema>;

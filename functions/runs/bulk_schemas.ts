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

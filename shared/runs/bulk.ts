/**
 * One action on many runs, or on many events of webhooks, worked off in the background.
 *
 * @module
 */
import { z } from "zod";
import { type DatabaseClient, rpc } from "../db/mod.ts";

const moment = z.iso.datetime({ offset: true });

/** A bulk operation and how far it is. */
export const bulkOperationSchema = z.object({
  id: z.uuid(),
  organization_id: z.uuid(),
  action: z.enum(["cancel", "retry", "delete", "resume", "pause", "replay_events"]).meta({
    description: "replay_events = events of webhooks go through their flows again",
  }),
  filter: z.record(z.string(), z.unknown()),
  status: z.enum(["queued", "running", "completed", "cancelled", "failed"]).meta({
    description: "failed = who asked may not do it any more",
  }),
  total: z.int().meta({ description: "Runs or events found when it was made" }),
  done: z.int(),
  failed: z.int().meta({ description: "Runs or events that refused it" }),
  errors: z.array(z.object({
    run_id: z.uuid().optional(),
    event_id: z.uuid().optional().meta({ description: "Instead of the run, for replay_events" }),
    code: z.string(),
    message: z.string(),
  }))
    .meta({ description: "The first twenty of those" }),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  created_by: z.uuid(),
  created_at: moment,
  finished_at: moment.nullable(),
}).meta({ id: "BulkOperation", description: "One action on many runs or events, and how far it is" });

/** A bulk operation and how far it is. */
export type BulkOperation = z.infer<typeof bulkOperationSchema>;

/** How many things an operation would be for. */
export const bulkCountSchema = z.object({ total: z.int() }).meta({
  id: "BulkCount",
  description: "How many runs or events are meant",
});

/** What {@linkcode insertBulkOperation} takes. */
export interface NewBulkOperation {
  readonly organizationId: string;
  readonly action: string;
  readonly filter: { readonly [name: string]: unknown };
  readonly idempotencyKey: string | null;
}

/** Has an action done to all runs or events that a filter finds. */
export async function insertBulkOperation(db: DatabaseClient, operation: NewBulkOperation): Promise<BulkOperation> {
  const { dry_run: _, ...made } = await create<BulkOperation & { dry_run: false }>(db, operation, false);
  return made;
}

/** How many that would be. */
export async function countBulkOperation(db: DatabaseClient, operation: NewBulkOperation): Promise<{ total: number }> {
  const { total } = await create<{ total: number }>(db, operation, true);
  return { total };
}

function create<T>(db: DatabaseClient, operation: NewBulkOperation, dryRun: boolean): Promise<T> {
  return rpc<T>(db, "create_bulk_operation", {
    p_organization_id: operation.organizationId,
    p_action: operation.action,
    p_filter: operation.filter,
    p_dry_run: dryRun,
    p_idempotency_key: operation.idempotencyKey,
  });
}

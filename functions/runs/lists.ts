/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import { runStatusSchema, runSummarySchema, runTriggerSchema, stepSchema } from "../../shared/runs/mod.ts";
import { bulkOperationSchema } from "../../shared/runs/mod.ts";
import { idFloor } from "./id_floor.ts";
import { runArchiveSchema, waitingStepSchema } from "./schemas.ts";

/** What was made within a time, where ids are ordered by time: no index but the key's is needed. */
const createdWithin = {
  created_after: where.from({ column: "id", encode: idFloor, description: "Started at this moment or later" }),
  created_before: where.before({ column: "id", encode: idFloor, description: "Started before this moment" }),
};

/** Runs. Ids are ordered by time, so the order is that of the id. */
export const RUNS = defineList({
  name: "runs",
  item: runSummarySchema,
  sort: { created_at: "id" },
  defaultSort: "-created_at",
  filters: {
    flow_id: where.equals(z.uuid()),
    status: where.anyOf(runStatusSchema, { description: "One or more states, separated by commas" }),
    trigger: where.anyOf(runTriggerSchema, { description: "One or more of what starts runs, separated by commas" }),
    retry_of: where.equals(z.uuid(), { description: "Retries, re-runs and replays of this run" }),
    entity_id: where.equals(z.uuid(), { description: "Runs that this entity moved with" }),
    flow_version_id: where.equals(z.uuid(), { description: "Runs of this version" }),
    parent_run_id: where.equals(z.uuid(), { description: "Runs that this run started" }),
    schedule_id: where.equals(z.uuid()),
    ...createdWithin,
  },
});

/** The attempts of the steps of a run. */
export const RUN_STEPS = defineList({
  name: "run_steps",
  item: stepSchema,
  sort: { finished_at: "finished_at" },
  defaultSort: "finished_at",
  filters: {
    status: where.anyOf(stepSchema.shape.status, { description: "How it ended: one or more, separated by commas" }),
    node_id: where.equals(z.string().min(1).max(64), { description: "Only the steps of this node" }),
  },
});

const WAIT_KINDS = ["approval", "decision", "signal", "callback", "timer", "run", "limit"] as const;

/** What waits. */
export const WAITING_STEPS = defineList({
  name: "waiting_steps",
  item: waitingStepSchema,
  sort: { created_at: "id" },
  defaultSort: "created_at",
  filters: {
    kind: where.anyOf(z.enum(WAIT_KINDS), {
      description:
        "What is waited for, separated by commas; approval and decision, which wait for a person, when absent",
    }),
    flow_id: where.equals(z.uuid()),
  },
});

/** Archives of runs. */
export const RUN_ARCHIVES = defineList({
  name: "run_archives",
  item: runArchiveSchema,
  sort: { created_at: "id" },
  defaultSort: "-created_at",
  filters: {
    week: where.equals(z.iso.date().meta({ examples: ["2026-11-18"] }), {
      description: "Archives of the week in which this day is",
      encode: mondayOf,
    }),
  },
});

/** Bulk operations. */
export const BULK_OPERATIONS = defineList({
  name: "bulk_operations",
  item: bulkOperationSchema,
  sort: { created_at: "id" },
  defaultSort: "-created_at",
  filters: {
    action: where.equals(bulkOperationSchema.shape.action),
    status: where.equals(bulkOperationSchema.shape.status),
  },
});

/** The Monday of the week in which a day is, both as ISO dates. */
function mondayOf(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - (date.getUTCDay() + 6) % 7);
  return date.toISOString().slice(0, 10);
}

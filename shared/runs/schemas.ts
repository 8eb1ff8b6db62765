import { z } from "zod";
import { jsonSchema } from "../http/mod.ts";

/** States of a run; the last five are final. */
export const runStatusSchema = z.enum([
  "queued",
  "running",
  "paused",
  "compensating",
  "completed",
  "failed",
  "cancelled",
  "compensated",
  "compensation_failed",
]).meta({
  description:
    "queued = no worker has begun it; running = working or visibly waiting; paused = nothing new starts until " +
    "it is resumed; compensating = it failed and undoes what it did; the others are final",
});

/** What starts runs. */
export const runTriggerSchema = z.enum(["manual", "webhook", "schedule", "flow", "error", "event"]).meta({
  description: "manual = a person or an API call; flow = a step of another run; error = the failure of another run",
});

const timestamp = z.iso.datetime({ offset: true });

/** Why a run or a step failed. */
export const runErrorSchema = z.object({
  code: z.string().meta({ description: "A code of docs/errors.md", examples: ["http_error"] }),
  message: z.string(),
  node_id: z.string().optional(),
  details: jsonSchema.optional(),
}).meta({ id: "RunError", description: "Why a run or a step failed" });

const summaryShape = {
  id: z.uuid(),
  organization_id: z.uuid(),
  flow_id: z.uuid(),
  flow_version_id: z.uuid().meta({ description: "The version that this run executes to its end" }),
  status: runStatusSchema,
  trigger: runTriggerSchema,
  trigger_node: z.string().nullable().meta({ description: "The trigger it starts at; null = the first that fits" }),
  webhook_event_id: z.uuid().nullable().meta({ description: "The event, when a webhook started it" }),
  retry_of: z.uuid().nullable().meta({
    description: "The run that this one repeats: a retry or re-run takes over steps of it, a replay none",
  }),
  parent_run_id: z.uuid().nullable().meta({ description: "The run whose step, or failure, started this one" }),
  entity_id: z.uuid().nullable().meta({ description: "The entity that moves with it" }),
  schedule_id: z.uuid().nullable().meta({ description: "The schedule that started it" }),
  concurrency_key: z.string().nullable().meta({ description: "Runs of the flow with the same key share a limit" }),
  error: runErrorSchema.nullable(),
  created_by: z.uuid().nullable(),
  deadline_at: timestamp.meta({ description: "When it fails with run_timeout" }),
  started_at: timestamp.nullable(),
  finished_at: timestamp.nullable(),
  created_at: timestamp,
};

/** A run in a list. */
export const runSummarySchema = z.object(summaryShape).meta({ id: "RunSummary", description: "A run in a list" });

const runShape = {
  ...summaryShape,
  input: jsonSchema,
  depth: z.int().meta({ description: "How many runs are above it" }),
  pins: z.record(z.string(), jsonSchema).nullable().meta({
    description: "For a dry run: outputs by node id that stand in for the nodes; null = a real run",
  }),
  output: jsonSchema.meta({ description: "What a stop node or the only last step gave; null otherwise" }),
};

/** A run without its steps. */
export const runSchema = z.object(runShape).meta({ id: "Run", description: "One execution of a flow" });

/** One attempt of a node. */
export const stepSchema = z.object({
  id: z.string().meta({ description: "Unique in the run", examples: ["send_email:1"] }),
  node_id: z.string(),
  scope: z.string().meta({ description: "The items it belongs to, such as `split.3/loop.0`; empty = top level" }),
  attempt: z.int().min(1),
  status: z.enum(["completed", "failed", "retried", "skipped", "unknown"]).meta({
    description:
      "retried = failed, another attempt follows; skipped = every way to it was dead; unknown = nobody knows " +
      "whether its effect happened",
  }),
  handles: z.array(z.string()).nullable().meta({ description: "Handles it went on through; null = all but error" }),
  output: jsonSchema,
  error: runErrorSchema.nullable(),
  started_at: timestamp,
  finished_at: timestamp,
  duration_ms: z.number(),
}).meta({ id: "RunStep", description: "One attempt of a node" });

/** What a place of a run waits for. */
const tokenWaitSchema = z.object({
  kind: z.enum(["timer", "signal", "approval", "callback", "decision", "run", "limit", "items"]).meta({
    description: "decision = a person says what became of an effect; run = the end of a run that the step started; " +
      "limit = a place under a limit on runs at once; items = the items of the region that the node opened",
  }),
  name: z.string().nullable().meta({ description: "The signal's name, or the limit" }),
  data: jsonSchema.meta({ description: "What the node shows to people" }),
  run_id: z.uuid().nullable().meta({ description: "The run, for the kind run" }),
}).meta({ id: "RunTokenWait", description: "What a place of a run waits for" });

/** A place where a run stands. */
const tokenSchema = z.object({
  node_id: z.string().nullable().meta({ description: "The node; null = at the start" }),
  scope: z.string(),
  status: z.enum(["running", "scheduled", "available", "waiting", "paused"])
    .meta({
      description: "running = with a worker; scheduled = not before scheduled_for; available = for the next worker; " +
        "waiting = see wait; paused = until the run is resumed",
    }),
  attempt: z.int().meta({ description: "The attempt that is running or comes next" }),
  scheduled_for: timestamp.nullable().meta({
    description: "For what waits: until when at the longest; null = no limit",
  }),
  started_at: timestamp.nullable(),
  last_error: z.string().nullable().meta({ description: "Why the attempt before failed" }),
  wait: tokenWaitSchema.nullable(),
}).meta({ id: "RunToken", description: "A place where a run stands" });

/** What a run that has not ended is waiting for. */
const waitingForSchema = z.object({
  reason: z.enum([
    "step",
    "retry",
    "time",
    "worker",
    "signal",
    "approval",
    "callback",
    "decision",
    "run",
    "limit",
    "items",
    "paused",
  ]).meta({
    description: "step = a node is running; retry = an attempt failed, the next is due at until; " +
      "time = nothing is due before until; worker = the next free worker; paused = until it is resumed; the others as " +
      "in active[].wait.kind, of which until is the soonest time-out",
  }),
  node_ids: z.array(z.string()),
  until: timestamp.nullable(),
}).meta({ id: "RunWaitingFor", description: "What a run that has not ended is waiting for" });

/** A run with its steps and where it stands. */
export const runDetailsSchema = z.object({
  ...runShape,
  steps: z.array(stepSchema).meta({ description: "The first 100 at most, in order of their end" }),
  more_steps: z.boolean().meta({ description: "True = GET /runs/{id}/steps has further ones" }),
  active: z.array(tokenSchema).meta({ description: "Where the run stands; empty once it has ended" }),
  waiting_for: waitingForSchema.nullable(),
  archived: z.literal(true).optional().meta({
    description:
      "There when the run has fallen out of retention and comes from its archive: nothing can be done with it",
  }),
}).meta({ id: "RunDetails", description: "A run with its steps and where it stands" });

/** The state of a run and nothing else. */
export const runStateSchema = z.object({
  id: z.uuid(),
  status: runStatusSchema,
  error: runErrorSchema.nullable(),
  started_at: timestamp.nullable(),
  finished_at: timestamp.nullable(),
}).meta({ id: "RunState", description: "The state of a run and nothing else" });

/** A run in a list. */
export type RunSummary = z.infer<typeof runSummarySchema>;
/** A run without its steps. */
export type Run = z.infer<typeof runSchema>;
/** One attempt of a node. */
export type Step = z.infer<typeof stepSchema>;
/** A place where a run stands. */
export type Token = z.infer<typeof tokenSchema>;
/** What a run that has not ended is waiting for. */
export type WaitingFor = z.infer<typeof waitingForSchema>;
/** A run with its steps and where it stands. */
export type RunDetails = z.infer<typeof runDetailsSchema>;
/** The state of a run and nothing else. */
export type RunState = z.infer<typeof runStateSchema>;

/** Whether nothing happens to the run any more. */
export function isFinal(run: Pick<RunState, "finished_at">): boolean {
  return run.finished_at !== null;
}

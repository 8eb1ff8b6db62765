import { z } from "zod";
import { jsonSchema } from "../../shared/http/mod.ts";

const moment = z.iso.datetime({ offset: true });

/** Where a job is in its life. */
export const jobStatusSchema = z.enum([
  "queued",
  "delayed",
  "blocked",
  "waiting",
  "paused",
  "running",
  "completed",
  "dead",
  "cancelled",
  "expired",
]).meta({
  id: "JobStatus",
  description:
    "queued = due; delayed = for later; blocked = as many as its concurrency key allows are at work; running; " +
    "completed; dead = given up, a dead letter; cancelled; expired = it had not begun in time. waiting and paused are " +
    "states of the steps of runs",
});

/** A type of job. */
export const jobTypeSchema = z.string().regex(/^[a-z0-9_.]{1,100}$/, "Must be a type of job, such as runs.bulk")
  .meta({ examples: ["runs.bulk"] });

/** What lists of jobs may be filtered by, all of them. */
export const timeFilters = {
  created_after: moment.optional().meta({ description: "Enqueued at this moment or later" }),
  created_before: moment.optional().meta({ description: "Enqueued before this moment" }),
};

/** Which dead letters are meant. */
export const deadLetterFilterSchema = z.strictObject({
  type: z.array(jobTypeSchema).min(1).max(20).optional(),
  code: z.string().min(1).max(100).optional().meta({ description: "The code of its error" }),
  ...timeFilters,
}).meta({ description: "Empty = all of them" });

/** A job, as lists show it. */
export const jobSummarySchema = z.object({
  id: z.uuid(),
  organization_id: z.uuid().meta({ description: "Zeros = the platform itself" }),
  type: z.string(),
  status: jobStatusSchema,
  priority: z.int().meta({ description: "Lower first" }),
  attempts: z.int().meta({ description: "How often it was begun, the present time included" }),
  max_attempts: z.int(),
  scheduled_for: moment.nullable().meta({ description: "When its next or last attempt is due" }),
  started_at: moment.nullable().meta({ description: "When its present or last attempt began" }),
  completed_at: moment.nullable().meta({ description: "When it ended, however" }),
  error_message: z.string().nullable(),
  created_at: moment,
  progress: jsonSchema.meta({ description: "What its handler last said" }),
  cancel_requested_at: moment.nullable(),
  error: z.object({ code: z.string(), message: z.string().optional(), details: jsonSchema.optional() }).nullable(),
  unique_key: z.string().nullable(),
  concurrency_key: z.string().nullable(),
  expires_at: moment.nullable(),
  worker_id: z.uuid().nullable(),
  run_id: z.uuid().nullable().meta({ description: "For the step of a run" }),
  replay_of: z.uuid().nullable().meta({ description: "The dead letter that it repeats" }),
  replayed_as: z.uuid().nullable().meta({ description: "The job that repeats it" }),
}).meta({ id: "JobSummary", description: "A job, as lists show it" });

/** A job. */
export const jobSchema = jobSummarySchema.extend({
  payload: jsonSchema.meta({ description: "Its arguments" }),
  result: jsonSchema.meta({ description: "What it gave" }),
}).meta({ id: "Job", description: "Background work that is no step of a run, wherever it is in its life" });

/** A job, as lists show it. */
export type JobSummary = z.infer<typeof jobSummarySchema>;
/** A job. */
export type Job = z.infer<typeof jobSchema>;

const count = z.int();
const seconds = z.int().nullable().meta({ description: "How late the oldest one that is due is; null = none is due" });

const depth = {
  queued: count,
  delayed: count,
  running: count,
  oldest_due_at: moment.nullable(),
  oldest_due_seconds: seconds,
};

const ended = {
  completed: count,
  retried: count.meta({ description: "Attempts after which another one follows" }),
  dead: count,
  failure_rate: z.number().nullable().meta({
    description: "The share of attempts that failed; null = there were none",
  }),
  avg_busy_ms: z.number().nullable(),
  avg_wait_ms: z.number().nullable().meta({ description: "From being due to being begun" }),
};

const organizationDepth = z.object({
  organization_id: z.uuid(),
  name: z.string().nullable(),
  plan_id: z.string().nullable(),
  weight: count,
  max_running: count.nullable(),
  queued: count,
  delayed: count,
  blocked: count,
  waiting: count,
  running: count,
  dead_letters: count,
  oldest_due_at: moment.nullable(),
  oldest_due_seconds: seconds,
});

/** The numbers of the queue. */
export const queueStatsSchema = z.object({
  organization_id: z.uuid().nullable().meta({ description: "Null = over all" }),
  at: moment,
  minutes: count.meta({ description: "How far back throughput, types and series go" }),
  jobs: z.object({ ...depth, blocked: count, dead_letters: count }),
  steps: z.object({ ...depth, waiting: count, paused: count }).meta({ description: "Of runs" }),
  throughput: z.object({ ...ended, wait_p50_ms: z.number().nullable(), wait_p95_ms: z.number().nullable() })
    .meta({ description: "Of jobs; percentiles are of the newest thousand that were kept" }),
  types: z.array(z.object({ type: z.string(), ...depth, blocked: count, dead_letters: count, ...ended })),
  series: z.array(z.object({ minute: moment, completed: count, retried: count, dead: count })),
  workers: z.object({ alive: count, lost: count, steps: count, jobs: count }).optional()
    .meta({ description: "Only for operators, like what follows" }),
  stuck: z.record(z.string(), count).optional().meta({ description: "How many have which problem, see engine.stuck" }),
  organizations: z.object({ deepest: z.array(organizationDepth), oldest: z.array(organizationDepth) }).optional(),
}).meta({ id: "QueueStats", description: "The numbers of the queue" });

/** The numbers of the queue. */
export type QueueStats = z.infer<typeof queueStatsSchema>;

import { z } from "zod";
import { jsonSchema } from "../../shared/http/mod.ts";

const moment = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

/** The name of a system task, in a path. */
export const taskParams = z.object({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/, "Must be the name of a system task, such as usage-hourly")
    .meta({ examples: ["usage-hourly"] }),
});

const failureSchema = z.object({ code: z.string(), message: z.string() });

/** A row of the history of a task. */
export const taskRunSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  status: z.enum(["queued", "running", "completed", "failed", "skipped"]),
  trigger: z.enum(["cron", "manual", "dependency", "continued"]).meta({
    description: "cron = it was due; manual = a person; dependency = the last task that it waited for has completed; " +
      "continued = the run before had more to do",
  }),
  reason: z.string().nullable().meta({
    description:
      "Why it was skipped (`overlap`, `disabled`, `not_installed`, `job_cancelled`, or what the task said), " +
      "or what it waits for",
  }),
  attempt: z.int().meta({ description: "1 = the first since the task last completed" }),
  job_id: z.uuid().nullable().meta({ description: "The job that does the work; null = none is needed, or none yet" }),
  result: jsonSchema.nullable().meta({ description: "What it did" }),
  error: failureSchema.partial().nullable().meta({ description: "`task_timeout`, `job_lost`, or what went wrong" }),
  created_at: moment,
  started_at: moment.nullable(),
  finished_at: moment.nullable(),
}).meta({ id: "TaskRun", description: "A run of a system task" });

/** A system task. */
export const taskSchema = z.object({
  name: z.string(),
  description: z.string(),
  kind: z.enum(["sql", "job"]).meta({ description: "sql = a function of the database; job = a job for a worker" }),
  handler: z.string().meta({ description: "The function, or the type of the job" }),
  cron: z.string().meta({ description: "When it is due, in GMT" }),
  default_cron: z.string().meta({ description: "When it is due unless an operator says otherwise" }),
  depends_on: z.array(z.string()).meta({ description: "Tasks that must have completed since it last ran" }),
  is_enabled: z.boolean(),
  is_scheduled: z.boolean().meta({ description: "pg_cron has a job for it. False = engine.configure was not called" }),
  next_run_at: moment.nullable().meta({ description: "When it is due next; null = not by the clock" }),
  timeout_seconds: z.int(),
  alert_after: z.int().meta({ description: "Failures in a row that raise an alert" }),
  state: z.enum(["idle", "disabled", "queued", "waiting", "running"]).meta({
    description: "waiting = for tasks that it depends on; queued = for its turn, or for a worker",
  }),
  reason: z.string().nullable().meta({ description: "What it waits for" }),
  last_run: taskRunSchema.nullable(),
  last_completed_at: moment.nullable(),
  failures: z.int().meta({ description: "Failures since it last completed" }),
  alert: z.object({ opened_at: moment, failures: z.int(), error: failureSchema.partial() }).nullable().meta({
    description: "The alert that is raised; null = none is",
  }),
}).meta({ id: "SystemTask", description: "What the platform does by the clock for itself" });

/** Changes of a task. */
export const taskChangesSchema = z.strictObject({
  is_enabled: z.boolean().optional().meta({ description: "False = it runs only by hand" }),
  cron: z.string().min(9).max(100).nullable().optional().meta({
    description: "Five fields, in GMT: minute, hour, day of month, month, day of week; null = as it came",
    examples: ["30 2 * * *"],
  }),
}).meta({ id: "SystemTaskChanges", examples: [{ is_enabled: false }, { cron: "30 2 * * 1-5" }] });

/** A row of the history of a task. */
export type TaskRun = z.infer<typeof taskRunSchema>;
/** A system task. */
export type Task = z.infer<typeof taskSchema>;
/** Changes of a task. */
export type TaskChanges = z.infer<typeof taskChangesSchema>;

/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import { jobStatusSchema, jobSummarySchema, jobTypeSchema, timeFilters } from "./schemas.ts";
import { taskRunSchema, taskSchema } from "./task_schemas.ts";

/** What SQL filters by: see private.job_conditions. Ids are ordered by time, so the order is that of the id. */
const jobFilters = {
  type: where.anyOf(jobTypeSchema, { description: "One or more types, separated by commas" }),
  code: where.own(z.string().min(1).max(100).meta({ examples: ["worker_lost"] }), "The code of its error"),
  created_after: where.own(timeFilters.created_after.unwrap(), "Enqueued at this moment or later"),
  created_before: where.own(timeFilters.created_before.unwrap(), "Enqueued before this moment"),
};

/** Jobs. */
export const JOBS = defineList({
  name: "jobs",
  item: jobSummarySchema,
  sort: { created_at: "id" },
  defaultSort: "-created_at",
  filters: {
    status: where.anyOf(jobStatusSchema, { description: "One or more states, separated by commas" }),
    ...jobFilters,
    steps: where.flag({ description: "true = the steps that runs are at too" }),
  },
});

/** Dead letters. */
export const DEAD_LETTERS = defineList({
  name: "dead_letters",
  item: jobSummarySchema,
  sort: { created_at: "id" },
  defaultSort: "-created_at",
  filters: jobFilters,
});

/** System tasks: few, and all in memory. */
export const TASKS = defineList({
  name: "tasks",
  item: taskSchema,
  sort: { name: "name" },
  defaultSort: "name",
  id: "name",
  filters: {
    kind: where.equals(taskSchema.shape.kind),
    is_enabled: where.flag(),
    q: where.text(["name", "description"]),
  },
});

/** The runs of a system task. */
export const TASK_RUNS = defineList({
  name: "task_runs",
  item: taskRunSchema,
  sort: { created_at: "id" },
  defaultSort: "-created_at",
  filters: {
    status: where.anyOf(taskRunSchema.shape.status, { description: "One or more states, separated by commas" }),
    trigger: where.anyOf(taskRunSchema.shape.trigger, {
      description: "One or more of what starts it, separated by commas",
    }),
  },
});

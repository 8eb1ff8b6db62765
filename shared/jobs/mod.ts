/**
 * Jobs: background work that is no step of a run. One file a type; the README says how to add one.
 *
 * @module
 */
export { type AnyJob, defineJob, type JobContext, type JobDefinition, type JobRetry } from "./define_job.ts";
export { JobError, type JobErrorOptions, NonRetryable } from "./job_error.ts";
export { JobRegistry, jobRegistry, type JobTypeInfo, listJobTypes } from "./registry.ts";
export { createJobRunner, type JobRunnerOptions } from "./run_job.ts";

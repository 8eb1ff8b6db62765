/**
 * What tests of jobs need: a job as a worker claims it, a runner over types of the test's own.
 *
 * @module
 */
import type { JobHooks, JobRunner, JobSettlement, QueuedJob, RunningJob } from "../engine/mod.ts";
import type { Env } from "../env/mod.ts";
import { createLog } from "../log/mod.ts";
import type { Providers } from "../providers/mod.ts";
import type { AnyJob } from "./define_job.ts";
import { JobRegistry } from "./registry.ts";
import { createJobRunner, type JobRunnerOptions } from "./run_job.ts";

/** A claimed job. */
export function queuedJob(type: string, fields: Partial<QueuedJob> = {}): QueuedJob {
  return {
    job: crypto.randomUUID(),
    lease: crypto.randomUUID(),
    type,
    organization_id: crypto.randomUUID(),
    payload: {},
    attempt: 1,
    max_attempts: 8,
    ...fields,
  };
}

/** A runner that knows these types only. */
export function runnerOf(jobs: readonly AnyJob[], options: Partial<JobRunnerOptions> = {}): JobRunner {
  return createJobRunner({
    env: {} as Env,
    providers: {} as Providers,
    log: createLog("jobs"),
    registry: new JobRegistry(jobs.map((job) => [job.type, () => Promise.resolve(job)])),
    random: () => 0.5,
    ...options,
  });
}

/** Takes no notice. */
export const NO_HOOKS: JobHooks = { onProgress() {} };

/** Runs a job to its end. */
export async function runToEnd(
  runner: JobRunner,
  job: QueuedJob,
  hooks: JobHooks = NO_HOOKS,
): Promise<JobSettlement | null> {
  const started = runner.start(job, hooks);
  return isRunning(started) ? await started.done : started;
}

/** Whether a job goes on. */
export function isRunning(started: RunningJob | JobSettlement): started is RunningJob {
  return "done" in started;
}

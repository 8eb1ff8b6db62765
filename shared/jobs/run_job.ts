/**
 * Runs jobs: finds the type, checks the payload, limits the time, turns what came of it into a settlement.
 *
 * A job that ends without waiting for anything costs no promise, no timer and no signal: queues are drained of a hundred
 * thousand such jobs a second.
 *
 * @module
 */
import type { JobHooks, JobRunner, JobSettlement, QueuedJob, RunningJob, StopReason } from "../engine/mod.ts";
import { backoffDelay, toStorable } from "../engine/mod.ts";
import type { Env } from "../env/mod.ts";
import type { Json } from "../graph/mod.ts";
import type { Log } from "../log/mod.ts";
import { type Breakers, NodeError, type Providers } from "../providers/mod.ts";
import { type FailedAttempt, readFailure, toFailure, UNAVAILABLE } from "./_job_failure.ts";
import { JobAttempt, maxAttemptsOf } from "./_job_attempt.ts";
import { TimeLimits } from "./_time_limits.ts";
import type { AnyJob } from "./define_job.ts";
import { DEFAULT_TIMEOUT_MS, type JobRegistry, jobRegistry } from "./registry.ts";

/** Bytes of JSON that a result may have. */
const MAX_RESULT_BYTES = 262_144;

/** What {@linkcode createJobRunner} needs. */
export interface JobRunnerOptions {
  readonly env: Env;
  readonly providers: Providers;
  /** Keep jobs away from services that are down. */
  readonly breakers?: Breakers;
  readonly log: Log;
  /** Other types than those of Millrace, for tests. */
  readonly registry?: JobRegistry;
  /** Chance for jitter, in [0, 1). */
  readonly random?: () => number;
}

/** Makes what a worker runs its jobs with. */
export function createJobRunner(options: JobRunnerOptions): JobRunner {
  return new Runner(options);
}

class Runner implements JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #registry: JobRegistry;
  readonly #limits = new TimeLimits();

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#registry = options.registry ?? jobRegistry;
  }

  start(job: QueuedJob, hooks: JobHooks): RunningJob | JobSettlement {
    const definition = this.#registry.peek(job.type);
    return definition === undefined ? this.#load(job, hooks) : this.#begin(definition, job, hooks);
  }

  prepare(jobs: readonly QueuedJob[]): Promise<void> | undefined {
    const missing = new Set<string>();
    for (const { type } of jobs) if (this.#registry.peek(type) === undefined) missing.add(type);
    return missing.size === 0 ? undefined : this.#loadAll(missing);
  }

  async #loadAll(types: Set<string>): Promise<void> {
    // What can not be loaded, or is not there, is told of job by job.
    await Promise.allSettled([...types].map((type) => this.#registry.get(type)));
  }

  close(): void {
    this.#limits.close();
  }

  /** Begins a job whose type is not loaded yet. */
  #load(job: QueuedJob, hooks: JobHooks): RunningJob {
    let begun: RunningJob | undefined;
    let stopped: StopReason | undefined;
    const run = async (): Promise<JobSettlement | null> => {
      let definition: AnyJob | undefined;
      try {
        definition = await this.#registry.get(job.type);
      } catch (error) {
        // A file that can not be loaded now can not be loaded here later either; another isolate may.
        return this.#fail(undefined, job, readFailure(error), 0, error);
      }
      if (stopped !== undefined) return afterStop(job, stopped);
      if (definition === undefined) {
        const failure = toFailure("unknown_job_type", `There is no job type ${job.type}`);
        return this.#fail(undefined, job, final(failure), 0);
      }
      const started = this.#begin(definition, job, hooks);
      if (!("done" in started)) return started;
      begun = started;
      return await begun.done;
    };
    return {
      done: run(),
      stop: (reason) => {
        stopped ??= reason;
        begun?.stop(reason);
      },
    };
  }

  #begin(definition: AnyJob, job: QueuedJob, hooks: JobHooks): RunningJob | JobSettlement {
    const startedAt = performance.now();
    const busy = (): number => performance.now() - startedAt;
    let attempt: JobAttempt | undefined;
    try {
      const parsed = definition.payload.safeParse(job.payload ?? {});
      if (!parsed.success) {
        const issues = parsed.error.issues.slice(0, 20).map(({ path, message }) => ({ path: path.join("."), message }));
        const failure = toFailure("invalid_payload", "The payload does not fit the type of the job", { issues });
        return this.#fail(definition, job, final(failure), 0);
      }
      const waitMs = definition.provider === undefined ? 0 : this.#options.breakers?.waitMs(definition.provider) ?? 0;
      if (waitMs > 0) return this.#holdBack(definition, job, waitMs);
      attempt = new JobAttempt(job, definition, this.#options, hooks);
      const value = definition.run(parsed.data, attempt);
      if (isThenable(value)) return this.#wait(definition, job, attempt, value, busy);
      attempt.over();
      return this.#end(definition, job, value, busy());
    } catch (error) {
      attempt?.over();
      return this.#fail(definition, job, readFailure(error), busy(), error);
    }
  }

  /** The service that the job can not do without is down. */
  #holdBack(definition: AnyJob, job: QueuedJob, waitMs: number): JobSettlement {
    const failure = toFailure(UNAVAILABLE, `${definition.provider} is not available at the moment`);
    const retryAfterSeconds = Math.ceil(waitMs / 1_000);
    return this.#fail(definition, job, { failure, retryable: true, retryAfterSeconds, isHeldBack: true }, 0);
  }

  /** Follows a job that waits for something, until it ends, its time is up or it is stopped. */
  #wait(
    definition: AnyJob,
    job: QueuedJob,
    attempt: JobAttempt,
    value: PromiseLike<unknown>,
    busy: () => number,
  ): RunningJob {
    const timeoutMs = definition.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const { promise: done, resolve } = Promise.withResolvers<JobSettlement | null>();
    // The first to say how it ended counts: a job that was stopped still fails, or succeeds, in its own time.
    const settle = (settlement: () => JobSettlement | null): void => {
      if (attempt.isOver) return;
      release();
      attempt.over();
      resolve(settlement());
    };
    const release = this.#limits.add(timeoutMs, () => {
      const failure = toFailure("job_timeout", `The job took longer than ${timeoutMs / 1000} s`);
      settle(() => this.#fail(definition, job, { ...final(failure), retryable: true }, busy()));
      attempt.abort(new DOMException("The time is up", "TimeoutError"));
    });
    value.then(
      (result) => settle(() => this.#end(definition, job, result, busy())),
      (error) => settle(() => this.#fail(definition, job, readFailure(error), busy(), error)),
    );
    return {
      done,
      stop: (reason) => {
        settle(() => afterStop(job, reason, busy()));
        attempt.abort(new DOMException(`The job is stopped: ${reason}`, "AbortError"));
      },
    };
  }

  #end(definition: AnyJob, job: QueuedJob, value: unknown, busyMs: number): JobSettlement {
    const settlement: JobSettlement = { lease: job.lease, job: job.job, outcome: "completed", busy_ms: round(busyMs) };
    if (definition.keep === "failures") settlement.keep = false;
    if (value === undefined || value === null) return settlement;
    try {
      settlement.result = toStorable(value, MAX_RESULT_BYTES);
      return settlement;
    } catch (error) {
      const failure = error instanceof NodeError && error.code === "output_too_large"
        ? toFailure("result_too_large", `The result is larger than ${MAX_RESULT_BYTES} bytes`)
        : toFailure("invalid_result", "The result is no JSON");
      // The work is done: doing it again would give the same.
      return this.#fail(definition, job, final(failure), busyMs, error);
    }
  }

  #fail(
    definition: AnyJob | undefined,
    job: QueuedJob,
    { failure, retryable, retryAfterSeconds, isHeldBack }: FailedAttempt,
    busyMs: number,
    error?: unknown,
  ): JobSettlement {
    const { log, random = Math.random } = this.#options;
    const base = { lease: job.lease, job: job.job, error: failure, busy_ms: round(busyMs) };
    const facts = { jobId: job.job, type: job.type, attempt: job.attempt, code: failure.code, error };
    const delay_ms = backoffDelay(definition?.retry ?? {}, job.attempt, random(), retryAfterSeconds ?? 0);
    if (isHeldBack) {
      log.info("jobs.held_back", facts);
      return { ...base, outcome: "retry", counted: false, delay_ms };
    }
    if (!retryable || job.attempt >= maxAttemptsOf(definition, job)) {
      log.error("jobs.dead", facts);
      return { ...base, outcome: "failed" };
    }
    log.warn("jobs.attempt_failed", facts);
    return { ...base, outcome: "retry", delay_ms };
  }
}

/** A failure that no further attempt will mend. */
function final(failure: FailedAttempt["failure"]): FailedAttempt {
  return { failure, retryable: false, retryAfterSeconds: null, isHeldBack: false };
}

/** Whoever was asked to stop did; what is lost or given back is nobody's any more. */
function afterStop(job: QueuedJob, reason: StopReason, busyMs = 0): JobSettlement | null {
  if (reason !== "cancelled") return null;
  const error = toFailure("cancelled", "Somebody asked the job to stop");
  return { lease: job.lease, job: job.job, outcome: "cancelled", error, busy_ms: round(busyMs) };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: Json }).then === "function";
}

function round(milliseconds: number): number {
  return Math.round(milliseconds);
}

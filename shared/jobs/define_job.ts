/**
 * What a type of job is: its description for people, the schema of its arguments, its work.
 *
 * @module
 */
import type { z } from "zod";
import type { Env } from "../env/mod.ts";
import type { Json } from "../graph/mod.ts";
import type { Log } from "../log/mod.ts";
import type { CircuitBreaker, Providers } from "../providers/mod.ts";

/** Everything a job may know and use while it runs. */
export interface JobContext {
  /** The environment: for `adminClient(env)` and the like. */
  readonly env: Env;
  /** Carries the id and the type of the job. */
  readonly log: Log;
  /** Aborted when the time is up, somebody asks the job to stop, its lease is lost or the worker goes. */
  readonly signal: AbortSignal;
  readonly jobId: string;
  /** The tenant; null = the platform itself. */
  readonly organizationId: string | null;
  /** From 1. */
  readonly attempt: number;
  /** True = there is no further attempt. */
  readonly isLastAttempt: boolean;
  /** Services outside, behind their circuit breakers. */
  readonly providers: Providers;
  /** The breaker of the service that the type names as its `provider`, for calls that do not go through `providers`. */
  readonly breaker: CircuitBreaker | null;
  /**
   * Says how far the job is, for people who look at it. What follows within a second replaces it; more than 4 KiB of
   * JSON is refused with a line in the log.
   */
  progress(value: Json): void;
}

/** How long to wait between attempts. */
export interface JobRetry {
  /** Milliseconds after the first failure. Default 2,000. */
  readonly minMs?: number;
  /** Milliseconds at most. Default 3,600,000. */
  readonly maxMs?: number;
  /** What each further failure multiplies them by. Default 2. */
  readonly factor?: number;
}

/** One type of job. `P` is its payload after the schema was applied. */
export interface JobDefinition<P> {
  /** Stable name such as `usage.aggregate`, stored in the queue. */
  readonly type: string;
  /** One sentence: what it does. */
  readonly summary: string;
  /** Schema of the payload. What does not fit becomes a dead letter with the code `invalid_payload`. */
  readonly payload: z.ZodType<P>;
  /** Milliseconds that an attempt may take. Default 60,000. */
  readonly timeoutMs?: number;
  /** How often it is begun at most; a job may have been enqueued with fewer. Default: as it was enqueued. */
  readonly maxAttempts?: number;
  readonly retry?: JobRetry;
  /** `failures` = nothing is kept of jobs that completed: for those that are many and of little interest. Default `all`. */
  readonly keep?: "all" | "failures";
  /** The service it cannot do without, as breakers are called (`email:resend`): while it is down, the job waits. */
  readonly provider?: string;
  /**
   * Does the work. It may be run more than once for one job (a worker dies after the work and before it could say so):
   * what it does must bear repetition.
   *
   * @returns What is kept as the result: JSON of at most 256 KiB, or nothing.
   * @throws {JobError} To be tried again later, with a message that people see. Errors of other classes are tried again
   * too; what people see of them is a fixed sentence, and the log has the rest.
   * @throws {NonRetryable} To become a dead letter at once.
   */
  run(payload: P, context: JobContext): unknown;
}

/** Any type of job, its payload's type forgotten. */
export type AnyJob = JobDefinition<unknown>;

/**
 * Defines a type of job, its payload typed by its schema.
 *
 * @returns The same object. `run` may only be called with what its own schema returned.
 */
export function defineJob<P>(definition: JobDefinition<P>): AnyJob {
  return definition as AnyJob;
}

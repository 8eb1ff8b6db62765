/**
 * What is stored of a job that failed.
 *
 * @module
 */
import { toStorable } from "../engine/mod.ts";
import { ERROR_CODES, isAppError } from "../errors/mod.ts";
import type { JobFailure } from "../engine/mod.ts";
import { NodeError } from "../providers/mod.ts";
import { JobError } from "./job_error.ts";

/** Characters of a message that are kept. */
const MAX_MESSAGE = 2_000;

/** Bytes of details that are kept; with more, none are. */
const MAX_DETAILS = 16_384;

/** What a breaker says. */
export const UNAVAILABLE = "provider_unavailable";

/** A failure, and what it means for the next attempt. */
export interface FailedAttempt {
  readonly failure: JobFailure;
  readonly retryable: boolean;
  /** Seconds that the other side asked for. */
  readonly retryAfterSeconds: number | null;
  /** True = nothing was done, because a service is known to be down: the attempt does not count. */
  readonly isHeldBack: boolean;
}

/** Reads whatever a job threw. Only errors that are made for people say their own words. */
export function readFailure(error: unknown): FailedAttempt {
  if (error instanceof JobError || error instanceof NodeError) {
    return {
      failure: toFailure(error.code, error.message, error.details),
      retryable: error.retryable,
      retryAfterSeconds: error.retryAfterSeconds ?? null,
      isHeldBack: error.code === UNAVAILABLE,
    };
  }
  const failure = isAppError(error)
    ? toFailure(error.code, error.detail ?? ERROR_CODES[error.code].title)
    : toFailure("internal", "The job failed for a reason of its own");
  return { failure, retryable: true, retryAfterSeconds: null, isHeldBack: false };
}

/** Makes a failure fit to be stored. */
export function toFailure(code: string, message: string, details?: unknown): JobFailure {
  const failure = { code, message: message.slice(0, MAX_MESSAGE).replaceAll("\0", "\uFFFD").toWellFormed() };
  if (details === undefined || details === null) return failure;
  try {
    return { ...failure, details: toStorable(details, MAX_DETAILS) };
  } catch {
    return failure;
  }
}

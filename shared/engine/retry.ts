import type { RetryPolicy } from "../graph/mod.ts";

/** A failure, as far as the retry cares. */
export interface RetryableFailure {
  code: string;
  retryable: boolean;
  /** Seconds that the other side asked for. */
  retryAfterSeconds?: number;
}

/**
 * How long to wait before the next attempt.
 *
 * @param policy The node's policy.
 * @param attempt The attempt that failed, from 1.
 * @param failure Why it failed.
 * @param random A number in [0, 1); chance, given by the caller.
 * @returns Milliseconds, or null when there is no further attempt. Full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/) never goes below what the other side
 * asked for with `Retry-After`.
 */
export function retryDelay(
  policy: RetryPolicy,
  attempt: number,
  failure: RetryableFailure,
  random: number,
): number | null {
  const worth = policy.retryOn === undefined ? failure.retryable : policy.retryOn.includes(failure.code);
  if (!worth || attempt >= policy.maxAttempts) return null;
  const factor = policy.backoff === "exponential" ? 2 ** Math.min(attempt - 1, 30) : 1;
  const seconds = Math.min(policy.delaySeconds * factor, policy.maxDelaySeconds);
  const waited = policy.jitter ? seconds * random : seconds;
  return Math.round(Math.max(waited, Math.min(failure.retryAfterSeconds ?? 0, 86_400)) * 1000);
}

/** How the time between attempts of a job grows. */
export interface Backoff {
  /** Milliseconds after the first failure. Default 2,000. */
  readonly minMs?: number;
  /** Milliseconds at most. Default 3,600,000. */
  readonly maxMs?: number;
  /** What each further failure multiplies them by. Default 2. */
  readonly factor?: number;
}

/**
 * How long a job waits before its next attempt: between half of the time and all of it, so that jobs that failed together
 * do not come back together, and none comes back at once.
 *
 * @param backoff How the time grows.
 * @param attempt The attempt that failed, from 1.
 * @param random A number in [0, 1); chance, given by the caller.
 * @param retryAfterSeconds Seconds that the other side asked for; believed up to a day.
 * @returns Milliseconds.
 */
export function backoffDelay(backoff: Backoff, attempt: number, random: number, retryAfterSeconds = 0): number {
  const { minMs = 2_000, maxMs = 3_600_000, factor = 2 } = backoff;
  const full = Math.min(minMs * factor ** Math.max(0, attempt - 1), maxMs);
  const asked = Math.min(retryAfterSeconds, 86_400) * 1_000;
  return Math.round(Math.max(full / 2 * (1 + random), asked));
}

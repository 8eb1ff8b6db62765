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

import { STEP_LIMITS } from "./limits.ts";
import type { NodeFacts, RetryPolicy } from "./types.ts";

/** One attempt; the delays count once a graph asks for more attempts. */
const NO_RETRY: RetryPolicy = {
  maxAttempts: 1,
  backoff: "exponential",
  delaySeconds: 2,
  maxDelaySeconds: 300,
  jitter: true,
};

/**
 * Completes a retry policy: what the graph leaves out comes from the node type.
 *
 * @param own What the graph says.
 * @param facts The node type.
 * @returns The whole policy.
 */
export function retryOf(own: Partial<RetryPolicy>, facts: NodeFacts | undefined): RetryPolicy {
  const policy = { ...NO_RETRY, ...facts?.defaultRetry, ...own };
  // Whoever sets a delay beyond the usual maximum, or a maximum below the usual delay, means it.
  return own.maxDelaySeconds === undefined
    ? { ...policy, maxDelaySeconds: Math.max(policy.maxDelaySeconds, policy.delaySeconds) }
    : { ...policy, delaySeconds: Math.min(policy.delaySeconds, policy.maxDelaySeconds) };
}

/** Seconds one attempt may take: what the graph says, else what the node type says, else the usual. */
export function timeoutOf(own: number | undefined, facts: NodeFacts | undefined): number {
  return own ?? facts?.defaultTimeoutSeconds ?? STEP_LIMITS.timeoutSeconds.usual;
}

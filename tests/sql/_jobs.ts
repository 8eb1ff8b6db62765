/**
 * Jobs of the queue as tests look at them.
 *
 * @module
 */
import { type QueuedJob, readClaim } from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";

/** The jobs in what `engine.claim_jobs` answers, one by one. */
export function claimedJobs(claim: unknown): QueuedJob[] {
  return readClaim(claim as Json).jobs;
}

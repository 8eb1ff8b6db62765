/**
 * Jobs of the queue as tests look at them.
 *
 * @module
 */
import { readClaim } from "../../shared/engine/_read_claim.ts";
import type { QueuedJob } from "../../shared/engine/job_types.ts";
import type { Json } from "../../shared/graph/mod.ts";

/** The jobs in what `engine.claim_jobs` answers, one by one. */
export function claimedJobs(claim: unknown): QueuedJob[] {
  return readClaim(claim as Json).jobs;
}

/**
 * Jobs of the queue as tests look at them.
 *
 * @module
 */
import type { Json } from "../../shared/graph/mod.ts";

/** A job that a worker holds. */
export interface ClaimedJob {
  lease: string;
  job: string;
  type: string;
  organization_id: string;
  payload: Json;
  attempt: number;
}

/** The jobs in what `engine.claim_jobs` answers, one by one: a lease has them by the column. */
export function claimedJobs(claim: unknown): ClaimedJob[] {
  return (claim as Lease[]).filter(({ lease }) => lease !== undefined).flatMap((lease) =>
    lease.jobs.map((job, index) => ({
      lease: lease.lease,
      job,
      type: lease.types[index]!,
      organization_id: lease.organization_ids[index]!,
      payload: lease.payloads[index]!,
      attempt: lease.attempts[index]!,
    }))
  );
}

interface Lease {
  lease: string;
  jobs: string[];
  types: string[];
  organization_ids: string[];
  payloads: Json[];
  attempts: number[];
}

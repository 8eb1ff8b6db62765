import type { Json } from "../graph/mod.ts";
import type { QueuedJob } from "./job_types.ts";
import type { Job } from "./types.ts";

/** What a claim brought. */
export interface Claim {
  tokens: Job[];
  jobs: QueuedJob[];
}

/** Jobs that were leased together, by the column: all lists in the same order. */
interface LeasedJobs {
  lease: string;
  jobs: string[];
  organization_ids: string[];
  types: string[];
  payloads: Json[];
  attempts: number[];
  max_attempts: number[];
  due: string[];
}

/** Tells the two kinds of work in the answer of `engine.claim_jobs` apart: what names a lease is jobs. */
export function readClaim(reply: Json): Claim {
  const claim: Claim = { tokens: [], jobs: [] };
  for (const entry of reply as unknown as (Job | LeasedJobs)[]) {
    if ("lease" in entry) readLease(entry, claim.jobs);
    else claim.tokens.push(entry);
  }
  return claim;
}

function readLease(leased: LeasedJobs, jobs: QueuedJob[]): void {
  const { lease, organization_ids, types, payloads, attempts, max_attempts, due } = leased;
  for (const [index, job] of leased.jobs.entries()) {
    jobs.push({
      job,
      lease,
      type: types[index] ?? "",
      organization_id: organization_ids[index] ?? "",
      payload: payloads[index] ?? null,
      attempt: attempts[index] ?? 1,
      max_attempts: max_attempts[index] ?? 1,
      due: due[index] ?? "",
    });
  }
}

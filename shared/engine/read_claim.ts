import type { Json } from "../graph/mod.ts";
import type { QueuedJob } from "./job_types.ts";
import type { Job } from "./types.ts";

/** What a claim brought: tokens of runs, and jobs. */
export interface Claim {
  tokens: Job[];
  jobs: QueuedJob[];
}

/** Jobs that were leased together, by the column: all lists in one order (any), and a list of one says it of all. */
interface LeasedJobs {
  lease: string;
  jobs: string[];
  payloads: Json[];
  organization_ids: string[];
  types: string[];
  attempts: number[];
  max_attempts: number[];
  priorities: number[];
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
  const { lease, payloads, organization_ids, types, attempts, max_attempts, priorities } = leased;
  for (const index of inOrder(priorities, leased.jobs)) {
    jobs.push({
      job: leased.jobs[index] ?? "",
      lease,
      type: at(types, index) ?? "",
      organization_id: at(organization_ids, index) ?? "",
      payload: payloads[index] ?? null,
      attempt: at(attempts, index) ?? 1,
      max_attempts: at(max_attempts, index) ?? 1,
    });
  }
}

function at<T>(list: readonly T[], index: number): T | undefined {
  return list.length === 1 ? list[0] : list[index];
}

/**
 * The order in which jobs begin: the lower number of priority first, otherwise as they were enqueued, which their ids
 * (UUIDv7) tell. Nearly always they are in it already, and this only looks.
 */
function inOrder(priorities: readonly number[], jobs: readonly string[]): Iterable<number> {
  return jobs.map((_, index) => index).sort((a, b) =>
    (at(priorities, a) ?? 0) - (at(priorities, b) ?? 0) || (jobs[a]! < jobs[b]! ? -1 : 1)
  );
}

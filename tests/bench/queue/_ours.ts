/**
 * Calls of our queue's SQL functions.
 *
 * @module
 */
import type postgres from "postgres";
import { readClaim } from "../../../shared/engine/mod.ts";
import type { Json } from "../../../shared/graph/mod.ts";

/** Jobs that were leased together. */
interface Lease {
  id: string;
  /** How many of them have not been settled. */
  open: number;
}

/** A job as a claim gives it. */
export interface LeasedJob {
  job: string;
  lease: Lease;
  organization_id: string;
  payload: unknown;
}

/** A connection or a transaction. */
export type Sql = postgres.Sql | postgres.TransactionSql;

/** What the driver does for queries that are written as templates, and for others only when told. */
const PREPARED = { prepare: true };

/** Enqueues jobs. */
export async function enqueueJobs(sql: Sql, jobs: readonly Record<string, unknown>[]): Promise<void> {
  await sql.unsafe("select engine.enqueue_jobs($1::text::jsonb)", [JSON.stringify(jobs)], PREPARED);
}

/** Leases up to `limit` jobs to a worker. */
export async function claimJobs(
  sql: Sql,
  workerId: string,
  limit: number,
  claim: "claim_jobs" | "claim_unfairly" = "claim_jobs",
): Promise<LeasedJob[]> {
  const [row] = await sql.unsafe<{ leases: Json }[]>(
    `select engine.${claim}($1::text::uuid, $2::text::integer, p_listens => false) as leases`,
    [workerId, String(limit)],
    PREPARED,
  );
  return readLeases(row!.leases);
}

/** The jobs of a claim's answer. */
function readLeases(reply: Json): LeasedJob[] {
  const leases = new Map<string, Lease>();
  return readClaim(reply).jobs.map(({ job, lease: id, organization_id, payload }) => {
    const lease = leases.get(id) ?? { id, open: 0 };
    leases.set(id, lease);
    lease.open++;
    return { job, lease, organization_id, payload };
  });
}

/**
 * Says that jobs are completed. Those that leave no trace are settled by the lease, where all that it still holds are
 * among them. Throws when one of them was lost.
 */
export async function finishJobs(sql: Sql, workerId: string, jobs: readonly LeasedJob[], keep: boolean): Promise<void> {
  const byLease = Map.groupBy(jobs, ({ lease }) => lease);
  let whole = 0;
  const results = [...byLease].flatMap<Record<string, unknown>>(([lease, list]) => {
    lease.open -= list.length;
    if (!keep && lease.open === 0) {
      whole++;
      return [{ lease: lease.id, busy_ms: 0 }];
    }
    return list.map(({ job }) => ({ lease: lease.id, job, outcome: "completed", keep, busy_ms: 0 }));
  });
  const [row] = await sql.unsafe<{ reply: { settled: string[]; leases: string[] } }[]>(
    "select engine.finish_jobs($1::text::uuid, $2::text::jsonb) as reply",
    [workerId, JSON.stringify(results)],
    PREPARED,
  );
  const { settled, leases } = row!.reply;
  if (leases.length !== whole || settled.length !== results.length - whole) {
    throw new Error(`Only ${leases.length} leases and ${settled.length} jobs of ${results.length} were settled`);
  }
}

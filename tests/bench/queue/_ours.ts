/**
 * Calls of our queue's SQL functions.
 *
 * @module
 */
import type postgres from "postgres";

/** A job as a claim gives it. */
export interface LeasedJob {
  job: string;
  lease: string;
  organization_id: string;
  payload: unknown;
}

/** A connection or a transaction. */
export type Sql = postgres.Sql | postgres.TransactionSql;

/** Enqueues jobs. */
export async function enqueueJobs(sql: Sql, jobs: readonly Record<string, unknown>[]): Promise<void> {
  await sql.unsafe("select engine.enqueue_jobs($1::text::jsonb)", [JSON.stringify(jobs)]);
}

/** Leases up to `limit` jobs to a worker. */
export async function claimJobs(sql: Sql, workerId: string, limit: number, listens = false): Promise<LeasedJob[]> {
  const [row] = await sql.unsafe<{ jobs: LeasedJob[] }[]>(
    "select engine.claim_jobs($1::text::uuid, $2::text::integer, p_listens => $3::text::boolean) as jobs",
    [workerId, String(limit), String(listens)],
  );
  return row!.jobs;
}

/** Says that jobs are completed. Throws when one of them was lost. */
export async function finishJobs(
  sql: Sql,
  workerId: string,
  jobs: readonly LeasedJob[],
  keep: boolean,
): Promise<void> {
  const results = jobs.map(({ job, lease }) => ({ lease, job, outcome: "completed", keep, busy_ms: 0 }));
  const [row] = await sql.unsafe<{ reply: { settled: string[] } }[]>(
    "select engine.finish_jobs($1::text::uuid, $2::text::jsonb) as reply",
    [workerId, JSON.stringify(results)],
  );
  if (row!.reply.settled.length !== jobs.length) {
    throw new Error(`Only ${row!.reply.settled.length} of ${jobs.length} jobs were settled`);
  }
}

/**
 * Jobs of the queue as tests make, take, end and look at them.
 *
 * @module
 */
import { type QueuedJob, readClaim } from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { type CallOptions, service } from "./_world.ts";

/** The jobs in what `engine.claim_jobs` answers, one by one. */
export function claimedJobs(claim: unknown): QueuedJob[] {
  return readClaim(claim as Json).jobs;
}

/** What is said of a job that was enqueued. */
interface Enqueued {
  id: string;
  status: string;
}

/** Fields of a job or of its outcome. */
type Fields = { [key: string]: Json };

/** The organization that jobs of the platform itself belong to. */
export const PLATFORM = "00000000-0000-0000-0000-000000000000";

/** Enqueues jobs, of the type `test` unless they name another. */
export async function enqueue(db: TestDatabase, jobs: Fields[], options: CallOptions = {}): Promise<Enqueued[]> {
  const filled = jobs.map((job) => ({ type: "test", ...job }));
  return await service<Enqueued[]>(db, "enqueue_jobs", { p_jobs: filled }, options);
}

/** What a worker gets. */
export async function claim(
  db: TestDatabase,
  worker: string,
  limit = 100,
  options: CallOptions = {},
): Promise<QueuedJob[]> {
  return claimedJobs(
    await service(db, "claim_jobs", { p_worker_id: worker, p_limit: limit, p_listens: false }, options),
  );
}

/** Says how jobs ended; the ids of those that were the worker's to end. */
export async function finish(
  db: TestDatabase,
  worker: string,
  jobs: QueuedJob[],
  fields: Fields = {},
  options: CallOptions = {},
): Promise<string[]> {
  const results = jobs.map(({ lease, job }) => ({ lease, job, outcome: "completed", ...fields }));
  const reply = await service<{ settled: string[] }>(
    db,
    "finish_jobs",
    { p_worker_id: worker, p_results: results },
    options,
  );
  return reply.settled;
}

/** What is kept of a job that ended. */
export async function history(db: TestDatabase, id: string) {
  const [row] = await db
    .sql`select status, attempts, result, error, replayed_as from public.job_history where id = ${id}`;
  return row === undefined ? undefined : { ...row } as Record<string, unknown>;
}

/** What must not be left when all is done. */
export async function leftovers(db: TestDatabase): Promise<Record<string, number>> {
  const [row] = await db.sql`
    select (select count(*) from public.job_queue)::int as queue, (select count(*) from private.job_leases)::int as leases,
      (select count(*) from private.job_slots)::int as slots, (select count(*) from private.job_states)::int as states`;
  return { ...row } as Record<string, number>;
}

/** Of {@link leftovers}: all is done. */
export const NOTHING = { queue: 0, leases: 0, slots: 0, states: 0 };

/** An organization that nobody else uses. */
export const org = () => crypto.randomUUID();

/** Leaves the queue empty. */
export async function clean(db: TestDatabase): Promise<void> {
  for (
    const table of [
      "public.job_queue",
      "private.job_leases",
      "private.job_slots",
      "private.job_turns",
      "private.workers",
    ]
  ) {
    await db.sql.unsafe(`delete from ${table}`);
  }
}

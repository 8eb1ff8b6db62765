/**
 * Jobs as they come, go and end: short words for tests.
 *
 * @module
 */
import type { Json } from "../../shared/graph/mod.ts";
import { claimedJobs } from "./_jobs.ts";
import { assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { newWorker } from "./_engine.ts";
import { type CallOptions, service, type Tenant } from "./_world.ts";

/** A job as engine.jobs has it. */
export interface JobRow {
  id: string;
  organization_id: string;
  type: string;
  payload: Json;
  status: string;
  priority: number;
  attempts: number;
  max_attempts: number;
  scheduled_for: string | null;
  started_at: string | null;
  completed_at: string | null;
  error_message: string | null;
  created_at: string;
  progress: Json;
  cancel_requested_at: string | null;
  result: Json;
  error: { code: string; message: string } | null;
  unique_key: string | null;
  concurrency_key: string | null;
  worker_id: string | null;
  replay_of: string | null;
  replayed_as: string | null;
}

/** A job that a worker holds. */
export interface Held {
  job: string;
  lease: string;
  type: string;
}

/** Enqueues a job of the tenant, or of the platform (null); gives its id. */
export async function enqueue(
  db: TestDatabase,
  tenant: Tenant | null,
  job: { [key: string]: Json } = {},
  options: CallOptions = {},
): Promise<string> {
  const reply = await service<{ id: string }[]>(db, "enqueue_jobs", {
    p_jobs: [{ type: "test.work", payload: { n: 1 }, ...tenant && { organization_id: tenant.organizationId }, ...job }],
  }, options);
  return reply[0]!.id;
}

/** Claims with a new worker until it holds this job; the others that it got stay leased to it. */
export async function hold(db: TestDatabase, id: string): Promise<{ worker: string; held: Held }> {
  const worker = newWorker();
  const jobs = claimedJobs(await service(db, "claim_jobs", { p_worker_id: worker, p_limit: 100, p_listens: false }));
  const held = jobs.find(({ job }) => job === id);
  assertEquals(held?.job, id, "the job was not there to be claimed");
  return { worker, held: held! };
}

/** Ends a job that is held. */
export async function finish(
  db: TestDatabase,
  { worker, held }: { worker: string; held: Held },
  outcome: string,
  fields: { [key: string]: Json } = {},
): Promise<void> {
  const { settled } = await service<{ settled: string[] }>(db, "finish_jobs", {
    p_worker_id: worker,
    p_results: [{ lease: held.lease, job: held.job, outcome, ...fields }],
  });
  assertEquals(settled, [held.job]);
}

/** Enqueues a job and lets it end so; gives its id. */
export async function ended(
  db: TestDatabase,
  tenant: Tenant | null,
  outcome: string,
  job: { [key: string]: Json } = {},
): Promise<string> {
  const id = await enqueue(db, tenant, job);
  await finish(db, await hold(db, id), outcome, {
    busy_ms: 20,
    ...outcome === "failed" && { error: { code: "mail_refused", message: "The server said no" } },
    ...outcome === "completed" && { result: { sent: true } },
  });
  return id;
}

/** The job as an operator sees it. */
export function look(db: TestDatabase, id: string): Promise<JobRow> {
  return service<JobRow>(db, "get_job", { p_job_id: id });
}

/**
 * Runs whose token waits for something, made as a worker makes them: by what it says to `engine.settle_jobs`.
 *
 * @module
 */
import type { Job } from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { claimOne, engineOf, newWorker } from "./_engine.ts";
import { type CallOptions, createFlow, createTenant, service, startRun, type Tenant } from "./_world.ts";

/** What a token waits for. */
export interface Wait {
  kind: "timer" | "signal" | "approval" | "callback" | "decision";
  name?: string;
  data?: Json;
}

/** A run that waits. */
export interface Waiting {
  tenant: Tenant;
  flow: string;
  run: string;
  /** The worker that brought it there. */
  worker: string;
  job: Job;
}

/** What a worker says of a job, as it goes over the wire. */
export function said(job: Job, fields: { [key: string]: Json }): { [key: string]: Json } {
  return {
    job: job.job,
    epoch: job.epoch,
    run_id: job.run_id,
    organization_id: job.organization_id,
    deadline_ms: 3_600_000,
    ...fields,
  };
}

/** Settles as a worker; gives the answer. */
export function settle(
  db: TestDatabase,
  worker: string,
  results: { [key: string]: Json }[],
  options: CallOptions = {},
): Promise<{ settled: string[]; jobs: Job[] }> {
  return service(db, "settle_jobs", { p_worker_id: worker, p_results: results }, options);
}

/** A run of a new tenant whose token waits at the node `wait`. */
export async function waitingRun(
  db: TestDatabase,
  wait: Wait,
  { delayMs, tenant }: { delayMs?: number; tenant?: Tenant } = {},
): Promise<Waiting> {
  const owner = tenant ?? await createTenant(db);
  const flow = await createFlow(db, owner);
  const run = await startRun(db, owner, flow);
  const worker = newWorker();
  const job = await claimOne(engineOf(db), worker, run);
  await settle(db, worker, [said(job, {
    move: {
      node: "wait",
      reads: [],
      payload: { wait: { ...wait } },
      wait: { ...wait },
      ...(delayMs === undefined ? {} : { delay_ms: delayMs }),
    },
  })]);
  return { tenant: owner, flow, run, worker, job };
}

/** The tokens of a run: where, how, and what ended their wait. */
export async function tokensOf(
  db: TestDatabase,
  run: string,
): Promise<{ node: string; status: string; resolved: { by: string; data: Json } | null }[]> {
  const rows = await db.sql<{ node: string; status: string; resolved: { by: string; data: Json } | null }[]>`
    select node_id as node, status, payload -> 'resolved' as resolved
    from public.job_queue where run_id = ${run} order by created_at, id`;
  return rows.map((row) => ({ ...row }));
}

/**
 * The engine's calls as the service, and short words for what a worker says in them.
 *
 * @module
 */
import {
  EngineClient,
  type EngineTransport,
  type Job,
  type JobResult,
  type StepRecord,
} from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { assertEquals } from "../helpers/assert.ts";
import {
  type Arguments,
  type CallOptions,
  createFlow,
  createTenant,
  service,
  startRun,
  type Tenant,
} from "./_world.ts";

/** The engine through a database's pool; `now` sets the clock of every call. */
export function engineOf(db: TestDatabase, options: CallOptions = {}): EngineClient {
  const transport: EngineTransport = {
    call: (name, args) => service<Json>(db, name, args as Arguments, options),
    close: () => Promise.resolve(),
  };
  return new EngineClient(transport);
}

/** A new worker's id. */
export function newWorker(): string {
  return crypto.randomUUID();
}

/** Claims and expects exactly one job, of the run when it is given. */
export async function claimOne(engine: EngineClient, workerId: string, runId?: string): Promise<Job> {
  const jobs = await engine.claimJobs(workerId, 10, "worker", runId);
  assertEquals(jobs.length, 1, `expected one job, got ${jobs.length}`);
  return jobs[0]!;
}

/** A run whose first token is leased to a worker. */
export interface Begun {
  tenant: Tenant;
  run: string;
  worker: string;
  job: Job;
}

/** A run of a new tenant, claimed by a new worker. */
export async function begin(db: TestDatabase): Promise<Begun> {
  const tenant = await createTenant(db);
  const run = await startRun(db, tenant, await createFlow(db, tenant));
  const worker = newWorker();
  return { tenant, run, worker, job: await claimOne(engineOf(db), worker, run) };
}

/** A run with one token at each node, all leased to one worker; the jobs come in the order of the nodes. */
export async function fork(db: TestDatabase, nodes: string[]): Promise<Begun & { jobs: Job[] }> {
  const begun = await begin(db);
  const [first = "", ...others] = nodes;
  const { jobs } = await engineOf(db).settleJobs(begun.worker, [result(begun.job, {
    move: { node: first, reads: [], keep: true },
    spawn: others.map((node) => ({ node, reads: [], keep: true })),
  })]);
  return { ...begun, jobs: nodes.map((node) => jobs.find((job) => job.node === node)!) };
}

/** Lets a worker die: nobody prolongs its lease any more. */
export async function lapse(db: TestDatabase, worker: string): Promise<void> {
  await db.sql`update private.workers set expires_at = now() - interval '1 millisecond' where id = ${worker}`;
}

/** A step that a worker has done. */
export function step(node: string, fields: Partial<StepRecord> = {}): StepRecord {
  const now = performance.now();
  return {
    node,
    attempt: 1,
    status: "completed",
    leaf: false,
    handles: null,
    output: null,
    error: null,
    startedAt: now - 2,
    finishedAt: now - 1,
    ...fields,
  };
}

/** What a worker says of a job: nothing but `fields`, so that without more the token is consumed. */
export function result(job: Job, fields: Partial<Omit<JobResult, "job">> = {}): JobResult {
  return { job, steps: [], ...fields };
}

/** Every row that the engine may write of a run, as JSON: two equal snapshots mean that nothing was written. */
export async function snapshot(db: TestDatabase): Promise<Record<string, Json[]>> {
  const tables = ["public.runs", "public.run_steps", "public.job_queue", "private.run_joins"];
  const rows: Record<string, Json[]> = {};
  for (const table of tables) {
    const found = await db.sql.unsafe(`select to_jsonb(t) as row from ${table} t order by to_jsonb(t)::text`);
    rows[table] = found.map(({ row }) => row);
  }
  return rows;
}

/** Columns of a run that the engine changes. */
export interface RunState {
  status: string;
  output: Json;
  error: { code: string; message: string; node_id?: string } | null;
  started_at: string | null;
  finished_at: string | null;
}

/** The state of a run. */
export async function runState(db: TestDatabase, runId: string): Promise<RunState> {
  const [row] = await db.sql<RunState[]>`
    select status, output, error, started_at, finished_at from public.runs where id = ${runId}`;
  if (row === undefined) throw new Error(`There is no run ${runId}`);
  return { ...row };
}

/** The names of the steps of a run, in their order, with their states. */
export async function stepStates(db: TestDatabase, runId: string): Promise<string[]> {
  const rows = await db.sql<{ state: string }[]>`
    select node_id || ':' || attempt || ':' || status as state from public.run_steps
    where run_id = ${runId} order by node_id, attempt`;
  return rows.map((row) => row.state);
}

/** How many tokens and joins of a run there are. */
export async function leftovers(db: TestDatabase, runId: string): Promise<{ tokens: number; joins: number }> {
  const [row] = await db.sql<{ tokens: number; joins: number }[]>`
    select (select count(*)::int from public.job_queue where run_id = ${runId}) as tokens,
      (select count(*)::int from private.run_joins where run_id = ${runId}) as joins`;
  return { tokens: row?.tokens ?? 0, joins: row?.joins ?? 0 };
}

/**
 * A database under load with the ledger, the platform and the people around it; and the judgement at the end.
 *
 * @module
 */
import { createTenant, type Tenant } from "../helpers/engine.ts";
import { createFlow } from "../helpers/engine.ts";
import { createDatabase, type TestDatabase } from "../helpers/postgres.ts";
import { installAudit } from "./_audit.ts";
import type { ChaosPostgres } from "./_chaos_postgres.ts";
import { type HelperProcess, startHelper } from "./_helper_process.ts";
import { drawJobs, JOB_TYPE } from "./_jobs.ts";
import { ORDERS } from "./_orders.ts";
import { pause, type Platform, startPlatform } from "./_platform.ts";
import type { Work } from "./_work.ts";

/** A world. */
export interface World {
  db: TestDatabase;
  postgres: ChaosPostgres;
  tenant: Tenant;
  platform: Platform;
  /** What its runs do. */
  work: Work;
  /** Runs whose start was confirmed. */
  acknowledged: string[];
  /** Jobs whose enqueueing was confirmed. */
  jobs: string[];
  /** Starts that nobody confirmed: they may have happened. */
  refused: number;
  /** Letters whose outcome a person decided on. */
  decided: Set<string>;
  /** What the ledger has counted, by key. */
  counts(): Promise<Map<string, number>>;
  /** Starts runs, each with some jobs, until somebody confirms them. */
  start(runs: number): Promise<void>;
  /** Waits until every run has ended; rejects when that takes too long. */
  allEnded(limitMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Options of {@linkcode openWorld}. */
export interface WorldOptions {
  /** Makes the address that workers are given of the database's own. Default: the same. */
  route?: (databaseUrl: string) => Promise<string>;
  /** What its runs do. Default: orders. */
  work?: Work;
  /** Whether a worker that was believed dead may still act: then nobody says that a letter is to be sent again. */
  mayWakeAgain?: boolean;
}

/** Longest time that a start may take before it counts as not confirmed, milliseconds. */
const START_MS = 5_000;

/** Opens a world on a server. */
export async function openWorld(postgres: ChaosPostgres, options: WorldOptions = {}): Promise<World> {
  const ledger = await startHelper("./_ledger.ts");
  const db = await createDatabase({ server: postgres, connections: 6 });
  await installAudit(db);
  await db.sql`update public.plans set max_flows = 1000, max_concurrent_runs = null`;
  const tenant = await createTenant(db);
  const { work = ORDERS } = options;
  const flowId = await createFlow(db, tenant, work.graph(ledger.port), "Order");
  const databaseUrl = await options.route?.(db.url) ?? db.url;
  const platform = await startPlatform(db, { databaseUrl, port: ledger.port });
  const people = new AbortController();
  const world: World = {
    db,
    postgres,
    tenant,
    platform,
    work,
    acknowledged: [],
    jobs: [],
    refused: 0,
    decided: new Set(),
    counts: () => readCounts(ledger),
    async start(runs) {
      for (let started = 0; started < runs;) {
        const input = JSON.stringify(work.input(world.acknowledged.length));
        const id = await within(START_MS, startRun(db, tenant, flowId, input)).catch(() => null);
        if (id === null) {
          world.refused++;
          await pause(200);
        } else {
          world.acknowledged.push(id);
          started++;
          const drawn = drawJobs(tenant.organizationId, ledger.port, world.acknowledged.length);
          const enqueued = await within(START_MS, enqueueJobs(db, drawn)).catch(() => null);
          if (enqueued === null) world.refused++;
          else world.jobs.push(...enqueued);
        }
      }
    },
    allEnded: (limitMs) => untilEnded(db, limitMs),
    async close() {
      people.abort();
      await deciding;
      await platform.stop();
      await db.drop();
      await ledger.stop();
    },
  };
  const deciding = decide(world, people.signal, options.mayWakeAgain ?? false);
  return world;
}

async function readCounts(ledger: HelperProcess): Promise<Map<string, number>> {
  const response = await fetch(`http://127.0.0.1:${ledger.port}/`);
  return new Map(Object.entries(await response.json() as Record<string, number>));
}

async function startRun(db: TestDatabase, tenant: Tenant, flowId: string, input: string): Promise<string> {
  const [row] = await db.as(
    "authenticated",
    tenant.user.claims,
    (sql) => sql`select public.start_run(${flowId}, ${input}::text::jsonb) ->> 'id' as id`,
  );
  return row?.id;
}

async function enqueueJobs(db: TestDatabase, jobs: readonly unknown[]): Promise<string[]> {
  const [row] = await db.sql`select engine.enqueue_jobs(${JSON.stringify(jobs)}::text::jsonb) as reply`;
  return (row?.reply as { id: string }[]).map(({ id }) => id);
}

async function untilEnded(db: TestDatabase, limitMs: number): Promise<void> {
  const until = performance.now() + limitMs;
  for (;;) {
    const left = await within(
      5_000,
      db.sql`
      select r.id, r.status, j.node_id, j.status as token, j.worker_id, j.payload, j.error_message from public.runs r
      left join public.job_queue j on j.run_id = r.id where r.finished_at is null
      union all
      select j.id, j.type, null, j.status, null, null, j.error_message from public.job_queue j where j.type = ${JOB_TYPE}
      union all
      select l.id, 'lease', null, null, l.worker_id, null, null from private.job_leases l`,
    ).catch(() => null);
    if (left?.length === 0) return;
    if (performance.now() >= until) {
      throw new Error(`Work is left after ${limitMs / 1000} s: ${JSON.stringify(left?.slice(0, 5))}`);
    }
    await pause(200);
  }
}

/** A person who looks into the ledger when nobody else knows whether a letter was sent. */
async function decide(world: World, done: AbortSignal, mayWakeAgain: boolean): Promise<void> {
  const { db, tenant } = world;
  while (!done.aborted) {
    await pause(500);
    try {
      const waiting = await within(
        5_000,
        db.sql<{ run_id: string }[]>`
        select run_id from public.job_queue
        where status = 'waiting' and payload -> 'wait' ->> 'kind' = 'decision' and not payload ? 'resolved'`,
      );
      if (waiting.length === 0) continue;
      const counts = await world.counts();
      for (const { run_id } of waiting) {
        const wasSent = mayWakeAgain || (counts.get(world.work.once(run_id) ?? "") ?? 0) > 0;
        const decision = JSON.stringify(wasSent ? { outcome: "completed", output: {} } : { outcome: "retry" });
        await within(
          5_000,
          db.as(
            "authenticated",
            tenant.user.claims,
            (sql) => sql`select public.decide_step(${run_id}, 'letter', ${decision}::text::jsonb)`,
          ),
        );
        world.decided.add(run_id);
      }
    } catch {
      // The database is away, or the step has been decided meanwhile: she looks again.
    }
  }
}

/** Rejects when a promise takes longer than so many milliseconds. */
export async function within<T>(limitMs: number, work: PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => timer = setTimeout(() => reject(new Error("Too late")), limitMs));
  const settled = Promise.resolve(work);
  settled.catch(() => {});
  return await Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

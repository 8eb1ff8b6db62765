/**
 * Our queue, over a direct connection. Runs in a process of its own.
 *
 * @module
 */
import postgres from "postgres";
import { runAgent } from "./_agent.ts";
import { JobLanes } from "./_job_lanes.ts";
import { claimJobs, enqueueJobs, finishJobs, type LeasedJob } from "./_ours.ts";
import type { QueueSystem, SystemOptions } from "./_system.ts";

/** Jobs that one claim takes at most. */
const BATCH = 500;

/** The tenant of all jobs. No row of `organizations` is needed for it. */
const ORGANIZATION = "018f0000-0000-7000-8000-000000000001";

/** Milliseconds between claims of a worker that waits for a notification. */
const POLL_MS = 1_000;

/** Opens our queue: mode `failures` keeps nothing of completed jobs, `all` keeps each in the history. */
export function openMillrace({ url, mode }: SystemOptions): Promise<QueueSystem> {
  const keep = mode === "all";
  const sql = postgres(url, { max: 1, prepare: false, fetch_types: false, onnotice: () => {} });
  const job = (n: number) => ({ type: "bench.noop", organization_id: ORGANIZATION, payload: { n } });
  return Promise.resolve({
    async install() {
      await sql`select engine.ensure_partitions()`;
    },
    async enqueueOne(n) {
      await enqueueJobs(sql, [job(n)]);
    },
    async enqueueMany(numbers) {
      // A call takes 10,000.
      const calls: number[][] = [];
      for (let at = 0; at < numbers.length; at += 10_000) calls.push(numbers.slice(at, at + 10_000));
      if (calls.length === 1) return await enqueueJobs(sql, calls[0]!.map(job));
      await sql.begin(async (transaction) => {
        for (const call of calls) await enqueueJobs(transaction, call.map(job));
      });
    },
    work: ({ concurrency, onJob }) => work(url, keep, concurrency, onJob),
    async hasWork() {
      const [row] = await sql<{ more: boolean }[]>`
        select exists (select 1 from public.job_queue) or exists (select 1 from private.job_leases) as more`;
      return row!.more;
    },
    async reset() {
      await sql`truncate public.job_queue, private.job_leases, public.job_history, private.job_counts,
        private.job_turns, private.workers`;
    },
    async addHistory(count) {
      await sql`
        insert into public.job_history (
          id, organization_id, type, status, priority, attempts, max_attempts, payload, scheduled_for, created_at,
          started_at, completed_at
        )
        select private.uuid_v7(), ${ORGANIZATION}, 'bench.noop', 'completed', 100, 1, 8,
          jsonb_build_object('n', n), now(), now(), now(), now()
        from generate_series(1, ${count}::integer) n`;
      return true;
    },
    close: () => sql.end({ timeout: 1 }),
  });
}

async function work(url: string, keep: boolean, concurrency: number, onJob: (n: number) => void) {
  const sql = postgres(url, { max: 2, prepare: false, fetch_types: false, onnotice: () => {} });
  const workerId = crypto.randomUUID();
  const lanes = new JobLanes<LeasedJob>({
    concurrency,
    batch: BATCH,
    pollMs: POLL_MS,
    claim: (limit) => claimJobs(sql, workerId, limit, true),
    run(job) {
      onJob((job.payload as { n: number }).n);
      return Promise.resolve();
    },
    finish: (jobs) => finishJobs(sql, workerId, jobs, keep),
  });
  const { unlisten } = await sql.listen("millrace_jobs", () => lanes.wake());
  lanes.start();
  return {
    async stop() {
      await lanes.stop();
      await unlisten();
      await sql`select engine.release_worker(${workerId})`;
      await sql.end({ timeout: 1 });
    },
  };
}

if (import.meta.main) await runAgent(openMillrace);

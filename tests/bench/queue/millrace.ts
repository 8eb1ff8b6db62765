/**
 * Our queue, over a direct connection. Runs in a process of its own.
 *
 * @module
 */
import postgres from "postgres";
import { z } from "zod";
import { EngineClient, postgresTransport, Worker } from "../../../shared/engine/mod.ts";
import type { Env } from "../../../shared/env/mod.ts";
import { type AnyJob, createJobRunner, defineJob, JobRegistry } from "../../../shared/jobs/mod.ts";
import { createLog } from "../../../shared/log/mod.ts";
import { localProviders } from "../../helpers/engine.ts";
import { runAgent } from "./_agent.ts";
import { enqueueJobs } from "./_ours.ts";
import type { QueueSystem, SystemOptions, WorkOptions } from "./_system.ts";

const TYPE = "bench.noop";

/** Jobs that one claim takes at most. */
const BATCH = 500;

/** The tenant of all jobs. No row of `organizations` is needed for it. */
const ORGANIZATION = "018f0000-0000-7000-8000-000000000001";

/** Longer than any measurement. */
const DAY_MS = 86_400_000;

/** Opens our queue: mode `failures` keeps nothing of completed jobs, `all` keeps each in the history. */
export function openMillrace({ url, mode }: SystemOptions): Promise<QueueSystem> {
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => {} });
  const job = (n: number) => ({ type: TYPE, organization_id: ORGANIZATION, payload: { n } });
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
    work: (options) => work(url, mode === "all" ? "all" : "failures", options),
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
        select private.uuid_v7(), ${ORGANIZATION}, ${TYPE}, 'completed', 100, 1, 8,
          jsonb_build_object('n', n), now(), now(), now(), now()
        from generate_series(1, ${count}::integer) n`;
      return true;
    },
    close: () => sql.end({ timeout: 1 }),
  });
}

async function work(url: string, keep: AnyJob["keep"], { concurrency, onJob }: WorkOptions) {
  const noop = defineJob({
    type: TYPE,
    summary: "Counts itself.",
    payload: z.object({ n: z.number() }),
    keep: keep ?? "all",
    run: ({ n }) => onJob(n),
  });
  const client = new EngineClient(await postgresTransport(url, { connections: 3 }));
  const [log, providers] = [createLog("bench"), localProviders()];
  const registry = new JobRegistry([[TYPE, () => Promise.resolve(noop)]]);
  // The job asks for nothing of the environment.
  const jobs = createJobRunner({ env: {} as Env, providers, log, registry });
  const worker = new Worker({ client, providers, log, kind: "worker", concurrency, batch: BATCH, jobs });
  const stopping = new AbortController();
  const drained = worker.drain({ signal: stopping.signal, budgetMs: DAY_MS, idleMs: DAY_MS });
  return {
    async stop() {
      stopping.abort();
      await drained;
      await client.close();
    },
  };
}

if (import.meta.main) await runAgent(openMillrace);

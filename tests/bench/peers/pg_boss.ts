/**
 * pg-boss as its documentation advises for many small jobs: batches, burst while batches are full, LISTEN/NOTIFY
 * instead of short polling (https://timgit.github.io/pg-boss/, "Workers").
 *
 * Runs in a process of its own, with the `deno.json` beside this file.
 *
 * @module
 */
import { runAgent } from "../queue/_agent.ts";
import type { QueueSystem, SystemOptions } from "../queue/_system.ts";

/** As much of the package as is used here; its name is computed, so that only the process that runs it needs it. */
interface PgBossPackage {
  PgBoss: new (options: Record<string, unknown>) => PgBoss;
}

interface PgBoss {
  on(event: "error", handler: (error: Error) => void): void;
  start(): Promise<unknown>;
  stop(options: Record<string, unknown>): Promise<void>;
  createQueue(name: string, options: Record<string, unknown>): Promise<void>;
  send(name: string, data: unknown): Promise<unknown>;
  insert(name: string, jobs: readonly { data: unknown }[]): Promise<unknown>;
  work(
    name: string,
    options: Record<string, unknown>,
    handler: (jobs: { data: { n: number } }[]) => Promise<void>,
  ): Promise<string>;
  offWork(name: string, options: Record<string, unknown>): Promise<void>;
  getDb(): { executeSql(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }> };
}

const PACKAGE = "pg-boss";
const QUEUE = "bench";

/** Jobs that one fetch takes, and fetches at once: the best of those tried here (docs/benchmarks.md). */
const BATCH_SIZE = 500;
const FETCHES_AT_ONCE = 4;

/** Opens pg-boss: mode `batched`. */
export async function openPgBoss({ url }: SystemOptions): Promise<QueueSystem> {
  const { PgBoss }: PgBossPackage = await import(PACKAGE);
  const boss = new PgBoss({ connectionString: url, useListenNotify: true });
  boss.on("error", (error) => console.error(error.message));
  await boss.start();
  const query = (text: string, values?: unknown[]) => boss.getDb().executeSql(text, values);
  return {
    install: () => boss.createQueue(QUEUE, { notify: true }),
    async enqueueOne(n) {
      await boss.send(QUEUE, { n });
    },
    async enqueueMany(numbers) {
      await boss.insert(QUEUE, numbers.map((n) => ({ data: { n } })));
    },
    async work({ onJob }) {
      const options = { batchSize: BATCH_SIZE, burstWhenBatchFull: true, localConcurrency: FETCHES_AT_ONCE };
      await boss.work(QUEUE, options, (jobs) => {
        for (const { data } of jobs) onJob(data.n);
        return Promise.resolve();
      });
      return { stop: () => boss.offWork(QUEUE, { wait: true }) };
    },
    async hasWork() {
      const { rows } = await query(
        `select exists (select 1 from pgboss.job where name = $1 and state <= 'active') as more`,
        [QUEUE],
      );
      return rows[0]?.more === true;
    },
    async reset() {
      await query("truncate pgboss.job");
    },
    async addHistory(count) {
      await query(
        `insert into pgboss.job (name, data, state, started_on, completed_on)
         select $1, jsonb_build_object('n', n), 'completed', now(), now() from generate_series(1, $2::integer) n`,
        [QUEUE, count],
      );
      return true;
    },
    close: () => boss.stop({ graceful: true, timeout: 5_000 }),
  };
}

if (import.meta.main) await runAgent(openPgBoss);

/**
 * graphile-worker as its documentation advises: https://worker.graphile.org/docs/performance
 *
 * Runs in a process of its own, with the `deno.json` beside this file.
 *
 * @module
 */
import { runAgent } from "../queue/_agent.ts";
import type { QueueSystem, SystemOptions } from "../queue/_system.ts";

/** As much of the package as is used here; its name is computed, so that only the process that runs it needs it. */
interface GraphileWorker {
  Logger: new (factory: () => () => void) => unknown;
  makeWorkerUtils(options: Record<string, unknown>): Promise<WorkerUtils>;
  run(options: Record<string, unknown>): Promise<{ stop(): Promise<void> }>;
}

interface WorkerUtils {
  migrate(): Promise<void>;
  addJob(identifier: string, payload: unknown): Promise<unknown>;
  addJobs(jobs: readonly { identifier: string; payload: unknown }[]): Promise<unknown>;
  withPgClient<T>(fn: (client: PgClient) => Promise<T>): Promise<T>;
  release(): Promise<void>;
}

interface PgClient {
  query(text: string): Promise<{ rows: Record<string, unknown>[] }>;
}

const PACKAGE = "graphile-worker";

/** The settings of its documentation's own measurement, for each mode. */
const BATCHING: Record<string, Record<string, unknown>> = {
  normal: {},
  batched: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
};

/** Opens graphile-worker: mode `normal`, or `batched` with its local queue. */
export async function openGraphileWorker({ url, mode }: SystemOptions): Promise<QueueSystem> {
  const { Logger, makeWorkerUtils, run }: GraphileWorker = await import(PACKAGE);
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ connectionString: url, logger });
  return {
    install: () => utils.migrate(),
    async enqueueOne(n) {
      await utils.addJob("bench", { n });
    },
    async enqueueMany(numbers) {
      await utils.addJobs(numbers.map((n) => ({ identifier: "bench", payload: { n } })));
    },
    async work({ concurrency, onJob }) {
      const runner = await run({
        preset: {
          worker: {
            connectionString: url,
            concurrentJobs: concurrency,
            maxPoolSize: concurrency + 1,
            ...BATCHING[mode],
          },
        },
        logger,
        noHandleSignals: true,
        parsedCronItems: [],
        taskList: { bench: (payload: { n: number }) => onJob(payload.n) },
      });
      return { stop: () => runner.stop() };
    },
    async hasWork() {
      const text = "select exists (select 1 from graphile_worker._private_jobs) as more";
      const { rows } = await utils.withPgClient((client) => client.query(text));
      return rows[0]?.more === true;
    },
    async reset() {
      await utils.withPgClient((client) => client.query("truncate graphile_worker._private_jobs"));
    },
    // A finished job is deleted.
    addHistory: () => Promise.resolve(false),
    close: () => utils.release(),
  };
}

if (import.meta.main) await runAgent(openGraphileWorker);

import { isAppError } from "../errors/mod.ts";
import type { EngineClient } from "./client.ts";
import type { Job, JobResult } from "./types.ts";

/** What became of one result. */
export interface Settled {
  /** False = the job had been lost; nothing of its result was written. */
  written: boolean;
  /** True = the token is not ours any more, because its run is paused. */
  parked: boolean;
}

/** Options of {@linkcode SettleQueue}. */
export interface SettleQueueOptions {
  /** Takes the tokens that a settle leased to this worker. */
  onJobs(jobs: Job[]): void;
  /** Called when an answer failed to come, so that tokens may be leased to this worker without its knowing. */
  onDoubt(): void;
  /** Called when a settle made tokens that anybody may claim at once. */
  onMore?(): void;
  /** Called after each call: how many results, how many milliseconds. */
  onCall?(size: number, durationMs: number): void;
  /** Milliseconds to go on trying while Postgres is away. Default 60,000. */
  patienceMs?: number;
  /** Results in one call. Default 100. */
  maxBatch?: number;
}

interface Waiting {
  result: JobResult;
  resolve(settled: Settled): void;
  reject(error: unknown): void;
}

/** Bytes of JSON that results of one call may have together, roughly. */
const MAX_BATCH_CHARACTERS = 4_000_000;

/**
 * Groups settles: while one call is under way, results gather for the next. An idle worker settles at once, a busy one
 * in batches, without a timer.
 */
export class SettleQueue {
  readonly #client: EngineClient;
  readonly #workerId: string;
  readonly #options: SettleQueueOptions;
  #waiting: Waiting[] = [];
  #running = false;

  /** @param workerId The worker that holds the jobs. */
  constructor(client: EngineClient, workerId: string, options: SettleQueueOptions) {
    this.#client = client;
    this.#workerId = workerId;
    this.#options = options;
  }

  /** Settles one result with whatever else is waiting. Rejects when Postgres stayed away or refused the result. */
  settle(result: JobResult): Promise<Settled> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ result, resolve, reject });
      if (!this.#running) {
        this.#running = true;
        // After the present turn of the event loop, so that steps that ended together settle together.
        setTimeout(() => void this.#drain(), 0);
      }
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#settleBatch(this.#takeBatch());
    this.#running = false;
  }

  #takeBatch(): Waiting[] {
    const maxBatch = this.#options.maxBatch ?? 100;
    let size = 0;
    let count = 0;
    for (const { result } of this.#waiting) {
      size += result.steps.reduce((sum, step) => sum + sizeOf(step.output), 200);
      if (result.open !== undefined) size += sizeOf(result.open.items);
      if (count > 0 && (count >= maxBatch || size > MAX_BATCH_CHARACTERS)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #settleBatch(batch: Waiting[]): Promise<void> {
    try {
      const reply = await this.#send(batch.map((entry) => entry.result));
      this.#options.onJobs(reply.jobs);
      if (reply.more) this.#options.onMore?.();
      const settled = new Set(reply.settled);
      const parked = new Set(reply.parked);
      const newest = newestEpochs(batch);
      for (const entry of batch) {
        const { job, epoch } = entry.result.job;
        entry.resolve({ written: settled.has(job) && newest.get(job) === epoch, parked: parked.has(job) });
      }
    } catch (error) {
      if (batch.length === 1 || isTransient(error)) {
        for (const entry of batch) entry.reject(error);
        return;
      }
      // One result that Postgres refuses must not take the others down.
      for (const entry of batch) await this.#settleBatch([entry]);
    }
  }

  /** One call, repeated while Postgres is away: the fence makes a repetition harmless. */
  async #send(results: JobResult[]) {
    const until = performance.now() + (this.#options.patienceMs ?? 60_000);
    for (let pause = 100;; pause = Math.min(pause * 2, 2000)) {
      const startedAt = performance.now();
      try {
        const reply = await this.#client.settleJobs(this.#workerId, results);
        this.#options.onCall?.(results.length, performance.now() - startedAt);
        return reply;
      } catch (error) {
        if (!isTransient(error)) throw error;
        this.#options.onDoubt();
        if (performance.now() + pause > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }
}

/**
 * The newest claim of each job. Two results of one job in a batch come from two claims of it by this worker, with a lapse
 * between that it has not noticed; Postgres writes the newer one only.
 */
function newestEpochs(batch: Waiting[]): Map<string, number> {
  const newest = new Map<string, number>();
  for (const { result: { job } } of batch) newest.set(job.job, Math.max(job.epoch, newest.get(job.job) ?? 0));
  return newest;
}

/** Whether the call may have run without our learning of it, and may be made again. */
export function isTransient(error: unknown): boolean {
  return isAppError(error) && (error.code === "service_unavailable" || error.code === "timeout");
}

function sizeOf(output: unknown): number {
  return typeof output === "string" ? output.length : output === null ? 4 : JSON.stringify(output).length;
}

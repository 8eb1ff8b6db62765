import type { Log } from "../log/mod.ts";
import { LeaseResults, type ResultBatch } from "./_lease_results.ts";
import type { EngineClient } from "./client.ts";
import type { FinishReply, JobSettlement, LeaseSettlement, QueuedJob } from "./job_types.ts";
import { isTransient } from "./settle_queue.ts";

/** Options of {@linkcode FinishQueue}. */
export interface FinishQueueOptions {
  log: Log;
  /** Called when results are written, or given up: how many jobs were written, how many had been lost. */
  onFinished(written: number, lost: number): void;
  /** Called when a result could not be written: the lease must go. */
  onDoubt(): void;
  /** Called after each call: how many results, how many milliseconds. */
  onCall?(size: number, durationMs: number): void;
  /** Milliseconds to go on trying while Postgres is away. Default 60,000. */
  patienceMs?: number;
  /** Results in one call. Default 1,000. */
  maxBatch?: number;
  /** Calls at once. Default 2. */
  maxCalls?: number;
}

/** How many results were written, and how many jobs had been lost before. */
interface Written {
  written: number;
  lost: number;
}

/** Characters of JSON that results of one call may have together, roughly. */
const MAX_BATCH_CHARACTERS = 4_000_000;

/**
 * Writes what became of jobs, many in one call: whole leases as soon as all their jobs have ended, parts of one after a
 * moment. Nobody waits for a single result, so that a job costs no promise.
 */
export class FinishQueue {
  readonly #client: EngineClient;
  readonly #workerId: string;
  readonly #options: FinishQueueOptions;
  readonly #waiting = new LeaseResults();
  #characters = 0;
  #underWay = 0;
  #calls = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer goes off. */
  #next = Infinity;

  /** @param workerId The worker that holds the jobs. */
  constructor(client: EngineClient, workerId: string, options: FinishQueueOptions) {
    this.#client = client;
    this.#workerId = workerId;
    this.#options = options;
  }

  /** Results that are not written yet. */
  get size(): number {
    return this.#waiting.size + this.#underWay;
  }

  /** Characters of JSON that wait to be written, or are being written, roughly. */
  get characters(): number {
    return this.#characters;
  }

  /** Takes note of jobs that are leased to the worker: a lease of which all have completed is written as a whole. */
  expect(jobs: readonly QueuedJob[]): void {
    this.#waiting.expect(jobs);
  }

  /** Takes a result; it is written with whatever else there is. */
  push(settlement: JobSettlement): void {
    const size = sizeOf(settlement);
    this.#characters += size;
    this.#waiting.add(settlement, size, performance.now());
    this.#schedule();
  }

  /** Has what may be written, written: after the present turn of the event loop, or when it has waited long enough. */
  #schedule(): void {
    if (this.#calls >= (this.#options.maxCalls ?? 2)) return;
    const now = performance.now();
    const wait = this.#waiting.wait(now);
    if (wait === null || now + wait >= this.#next) return;
    clearTimeout(this.#timer);
    this.#next = now + wait;
    this.#timer = setTimeout(() => {
      this.#next = Infinity;
      void this.#drain();
    }, wait);
  }

  async #drain(): Promise<void> {
    const { maxCalls = 2, maxBatch = 1_000 } = this.#options;
    if (this.#calls >= maxCalls) return;
    this.#calls++;
    const limits = { results: maxBatch, characters: MAX_BATCH_CHARACTERS };
    for (let batch = this.#waiting.take(limits, performance.now()); batch.results.length > 0;) {
      await this.#writeBatch(batch);
      batch = this.#waiting.take(limits, performance.now());
    }
    this.#calls--;
    this.#schedule();
  }

  async #writeBatch(batch: ResultBatch): Promise<void> {
    const { results, characters } = batch;
    this.#underWay += results.length;
    const { written, lost } = await this.#write(results);
    this.#underWay -= results.length;
    this.#characters -= characters;
    this.#waiting.release(batch);
    this.#options.onFinished(written, lost);
  }

  async #write(batch: JobSettlement[]): Promise<Written> {
    try {
      return await this.#send(batch);
    } catch (error) {
      if (isTransient(error)) return this.#giveUp(batch, error);
      const [first] = batch;
      if (batch.length > 1 || first === undefined) return await this.#writeHalves(batch);
      this.#options.log.error("engine.finish_refused", { error, jobId: first.job });
      try {
        return await this.#send([refused(first)]);
      } catch (again) {
        return this.#giveUp(batch, again);
      }
    }
  }

  /** One result that Postgres refuses must not take the others down. */
  async #writeHalves(batch: JobSettlement[]): Promise<Written> {
    const middle = batch.length >> 1;
    const first = await this.#write(batch.slice(0, middle));
    const second = await this.#write(batch.slice(middle));
    return { written: first.written + second.written, lost: first.lost + second.lost };
  }

  /** The jobs are put back when the lease lapses. */
  #giveUp(batch: JobSettlement[], error: unknown): Written {
    this.#options.log.error("engine.finish_failed", { error, jobs: batch.length });
    this.#options.onDoubt();
    return { written: 0, lost: batch.length };
  }

  /** One call, repeated while Postgres is away: the fence makes a repetition harmless. */
  async #send(batch: JobSettlement[]): Promise<Written> {
    const until = performance.now() + (this.#options.patienceMs ?? 60_000);
    const results = this.#summarize(batch);
    let wasInDoubt = false;
    for (let pause = 100;; pause = Math.min(pause * 2, 2_000)) {
      const startedAt = performance.now();
      try {
        const reply = await this.#client.finishJobs(this.#workerId, results);
        this.#options.onCall?.(batch.length, performance.now() - startedAt);
        const written = this.#note(batch, reply);
        // An earlier call may have been heard although its answer was not: what this one misses need not be lost.
        return { written, lost: wasInDoubt ? 0 : batch.length - written };
      } catch (error) {
        if (!isTransient(error)) throw error;
        wasInDoubt = true;
        if (performance.now() + pause > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  /** Names a lease instead of its jobs where all that it holds have completed in this batch and gave no result. */
  #summarize(batch: JobSettlement[]): (JobSettlement | LeaseSettlement)[] {
    const plain = new Map<string, { settlement: LeaseSettlement; count: number }>();
    for (const { lease, outcome, result, keep = true, busy_ms = 0 } of batch) {
      if (outcome !== "completed" || result !== undefined) continue;
      const sum = plain.get(lease) ?? { settlement: { lease, keep, busy_ms: 0 }, count: 0 };
      plain.set(lease, sum);
      if (sum.settlement.keep !== keep) continue;
      sum.count++;
      sum.settlement.busy_ms += busy_ms;
    }
    const whole: LeaseSettlement[] = [];
    for (const [lease, { settlement, count }] of plain) {
      if (this.#waiting.openOf(lease) === count) whole.push(settlement);
      else plain.delete(lease);
    }
    if (whole.length === 0) return batch;
    return [...whole, ...batch.filter(({ lease }) => !plain.has(lease))];
  }

  /** Takes note of what was written; gives how many jobs that are. Only what is known to be written leaves its lease. */
  #note(batch: JobSettlement[], { settled, leases = [] }: FinishReply): number {
    let written = settled.length;
    const known = settled.length === 0 ? undefined : new Set(settled);
    if (known !== undefined) {
      for (const { job, lease } of batch) if (known.has(job)) this.#waiting.leave(lease, 1);
    }
    for (const lease of leases) {
      const count = this.#waiting.openOf(lease);
      written += count;
      this.#waiting.leave(lease, count);
    }
    return written;
  }
}

/** What is written of a job whose own result Postgres refuses. */
function refused({ lease, job }: JobSettlement): JobSettlement {
  const error = { code: "internal", message: "What the job gave could not be stored" };
  return { lease, job, outcome: "failed", error };
}

function sizeOf({ result, error }: JobSettlement): number {
  return 160 + (result === undefined ? 0 : JSON.stringify(result).length) +
    (error === undefined
      ? 0
      : error.message.length + (error.details === undefined ? 0 : JSON.stringify(error.details).length));
}

import type { Log } from "../log/mod.ts";
import type { Json } from "../graph/mod.ts";
import { CPU_COSTS, type CpuMeter } from "./cpu_meter.ts";
import type { EngineClient } from "./client.ts";
import { FinishQueue } from "./finish_queue.ts";
import type { JobRunner, JobSettlement, QueuedJob, RunningJob, StopReason } from "./job_types.ts";

/** What {@linkcode WorkerJobs} needs. */
export interface WorkerJobsOptions {
  client: EngineClient;
  workerId: string;
  runner: JobRunner | undefined;
  log: Log;
  meter: CpuMeter;
  /** Called with the id of each job that has ended. */
  onEnded(job: string): void;
  /** Called when there is room for more, or nothing left. */
  onChange(): void;
  /** Called when jobs may be leased to this worker that it can not answer for. */
  onDoubt(): void;
  onCall(size: number, durationMs: number): void;
  patienceMs?: number;
}

/** A job at work. */
interface Held {
  readonly running: RunningJob;
  readonly startedAt: number;
}

/** Milliseconds that a job may take before anybody asks whether it is to stop. */
const SHORT_MS = 1_000;

/** The jobs of a worker: runs them, writes what became of them, tells how far they are. */
export class WorkerJobs {
  readonly #options: WorkerJobsOptions;
  readonly #finishes: FinishQueue;
  readonly #held = new Map<string, Held>();
  readonly #progress = new Map<string, Json>();
  #finished = 0;
  #lost = 0;

  constructor(options: WorkerJobsOptions) {
    const { client, workerId, log, onDoubt, onCall, patienceMs } = options;
    this.#options = options;
    this.#finishes = new FinishQueue(client, workerId, {
      log,
      onDoubt,
      onCall,
      onFinished: (written, lost) => {
        this.#finished += written;
        this.#lost += lost;
        if (lost > 0) log.warn("engine.jobs_lost", { jobs: lost });
        options.onChange();
      },
      ...(patienceMs !== undefined && { patienceMs }),
    });
  }

  /** Jobs at work. */
  get running(): number {
    return this.#held.size;
  }

  /** Jobs that have ended and are not written yet. */
  get unwritten(): number {
    return this.#finishes.size;
  }

  /** Characters of JSON of those. */
  get unwrittenCharacters(): number {
    return this.#finishes.characters;
  }

  /** Jobs written so far. */
  get finished(): number {
    return this.#finished;
  }

  /** Jobs that somebody else had taken over. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes note of jobs that are claimed, and loads what they need; undefined when everything is there. */
  prepare(jobs: readonly QueuedJob[]): Promise<void> | undefined {
    this.#finishes.expect(jobs);
    return this.#options.runner?.prepare?.(jobs);
  }

  /** Begins a job. Whoever waits for nothing has ended when this returns. */
  start(job: QueuedJob): void {
    const { runner, meter, log } = this.#options;
    if (runner === undefined) {
      // Nobody here can run it, and nobody is told: it goes back with the lease.
      log.error("engine.no_job_runner", { jobId: job.job, type: job.type });
      this.#options.onDoubt();
      return;
    }
    const startedAt = performance.now();
    const started = runner.start(job, this);
    meter.add(performance.now() - startedAt + CPU_COSTS.job);
    if ("done" in started) void this.#follow(job, started, startedAt);
    else this.#end(job, started);
  }

  #end(job: QueuedJob, settlement: JobSettlement | null): void {
    if (settlement !== null) this.#finishes.push(settlement);
    this.#options.onEnded(job.job);
  }

  /** Takes what a job tells of itself. */
  onProgress(job: QueuedJob, progress: Json): void {
    this.#progress.set(job.job, progress);
  }

  /** Whether a job has told something that is not reported yet. */
  get hasProgress(): boolean {
    return this.#progress.size > 0;
  }

  /** Whether a job has been at work for so long that somebody may want it to stop. */
  hasLong(now: number): boolean {
    // The oldest comes first.
    for (const { startedAt } of this.#held.values()) return now - startedAt >= SHORT_MS;
    return false;
  }

  /** Tells how far the jobs are, and stops those that somebody wants to stop. Never rejects. */
  async report(): Promise<void> {
    const { client, workerId, log } = this.#options;
    const progress = [...this.#progress].map(([job, progress]) => ({ job, progress }));
    this.#progress.clear();
    try {
      const { cancel } = await client.reportJobs(workerId, progress);
      for (const job of cancel) this.#held.get(job)?.running.stop("cancelled");
    } catch (error) {
      log.warn("engine.report_failed", { error });
    }
  }

  /** Stops what runs; nothing is written of it. */
  stop(reason: StopReason): void {
    for (const { running } of [...this.#held.values()]) running.stop(reason);
  }

  async #follow(job: QueuedJob, running: RunningJob, startedAt: number): Promise<void> {
    this.#held.set(job.job, { running, startedAt });
    const settlement = await running.done;
    this.#held.delete(job.job);
    this.#progress.delete(job.job);
    this.#end(job, settlement);
    this.#options.onChange();
  }
}

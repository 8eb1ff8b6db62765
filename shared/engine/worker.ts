/**
 * A worker: claims jobs, walks them, settles what they did, keeps its lease, and gives everything back when it goes.
 *
 * @module
 */
import type { Log } from "../log/mod.ts";
import type { StepSurroundings } from "./execute_node.ts";
import { ItemsWalk } from "./items_walk.ts";
import { PlanCache, type ReadyFlow } from "./plan_cache.ts";
import { isTransient, type Settled, SettleQueue } from "./settle_queue.ts";
import type { Job, JobResult } from "./types.ts";
import { UndoWalk } from "./undo_walk.ts";
import { TokenWalk } from "./walk.ts";
import type { DrainOptions, DrainReport, WorkerOptions } from "./worker_options.ts";

/** Milliseconds that running steps get to end when the worker goes. */
const GRACE_MS = 20_000;

/** Milliseconds that they get once they have been told to stop. */
const ABORT_MS = 2_000;

/** A worker under one lease. */
export class Worker {
  /** Its name in Postgres; a worker that lost its lease is over, and the next one has another id. */
  readonly id: string = crypto.randomUUID();
  readonly #options: WorkerOptions;
  readonly #settles: SettleQueue;
  readonly #plans: PlanCache;
  readonly #abort = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** Those who wait for a change. */
  readonly #waiting: (() => void)[] = [];
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #lastBeat = performance.now();
  /** Set when tokens may be leased to us that we do not know of: finish what we have, then let the lease go. */
  #inDoubt = false;
  /** Set when it goes: steps that run may end, nothing new begins. */
  #closing = false;
  /** `performance.now()` before which a claim is not worth its call. */
  #nextClaim = 0;
  #settled = 0;
  #lost = 0;

  /** @param options What it needs. */
  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#plans = options.plans ?? new PlanCache(options.client);
    this.#settles = new SettleQueue(options.client, this.id, {
      onJobs: (jobs) => void this.accept(jobs),
      onDoubt: () => this.#inDoubt = true,
      onMore: () => {
        this.#nextClaim = 0;
        this.#changed();
      },
      ...(options.patienceMs !== undefined && { patienceMs: options.patienceMs }),
    });
  }

  /** Whether it takes no more work: its lease is lost or in doubt, or it is closing. */
  get over(): boolean {
    return this.#abort.signal.aborted || this.#inDoubt || this.#closing;
  }

  /** Whether nothing runs at this moment. */
  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  /** Checkpoints written so far. */
  get settled(): number {
    return this.#settled;
  }

  /** Says that jobs may be leased to it that it does not know of: it takes no more, and its lease will not be kept. */
  doubt(): void {
    this.#inDoubt = true;
    this.#changed();
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await this.#change(1_000);
  }

  /** Runs jobs that are leased to this worker already (by an inline start or a settle). */
  async accept(jobs: Job[]): Promise<void> {
    // When it is closing, what it still gets goes back with the lease.
    if (jobs.length === 0 || this.#closing) return;
    this.#keepLease();
    await this.#track(this.#start(jobs));
  }

  /** Claims and runs until there is nothing to do, then gives the lease back. */
  async drain(options: DrainOptions = {}): Promise<DrainReport> {
    const { signal, budgetMs = 100_000, idleMs = 2_000, pollMs = 200 } = options;
    const concurrency = this.#options.concurrency ?? 16;
    const until = performance.now() + budgetMs;
    let idleSince = performance.now();
    this.#nextClaim = 0;
    const wake = () => this.#changed();
    signal?.addEventListener("abort", wake);
    while (!this.over && !signal?.aborted && performance.now() < until) {
      const free = concurrency - this.#running.size;
      // A claim for each job that ends would cost more than the jobs: wait until there is room for several, and after
      // one that found less than wanted for a while, unless nothing is left to do.
      const isTime = this.#running.size === 0 || performance.now() >= this.#nextClaim;
      const wanted = isTime && free * 4 >= concurrency ? free : 0;
      if (wanted > 0) this.#nextClaim = performance.now() + pollMs;
      const claimed = wanted > 0 ? await this.#claim(wanted) : [];
      if (wanted > 0 && claimed.length === wanted) this.#nextClaim = 0;
      if (claimed.length > 0) void this.accept(claimed);
      if (claimed.length > 0 || this.#running.size > 0) idleSince = performance.now();
      else if (performance.now() - idleSince >= idleMs) break;
      // With room left nothing more is due at the moment; otherwise a running job makes room first.
      const hasRoom = (concurrency - this.#running.size) * 4 >= concurrency;
      await this.#change(hasRoom ? Math.max(1, this.#nextClaim - performance.now()) : 1_000);
    }
    signal?.removeEventListener("abort", wake);
    return await this.close(signal?.aborted ? 0 : undefined);
  }

  /** Runs what was accepted, and what follows from it, to the end; then gives the lease back. */
  async finish(signal?: AbortSignal): Promise<DrainReport> {
    while (this.#running.size > 0 && !this.over && !signal?.aborted) await this.#change(1_000);
    return await this.close(signal?.aborted ? 0 : undefined);
  }

  /**
   * Gives the lease back. Steps that run get a moment to end; what has not ended is given to others.
   *
   * @param graceMs Milliseconds that running steps get to end. Default 20,000.
   */
  async close(graceMs: number = GRACE_MS): Promise<DrainReport> {
    this.#closing = true;
    if (!this.#abort.signal.aborted) await this.#settleDown(graceMs);
    this.#abort.abort();
    await this.#settleDown(ABORT_MS);
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    let more = false;
    try {
      const released = await this.#options.client.releaseWorker(this.id, this.#options.kind === "worker");
      more = released.more;
    } catch (error) {
      // The lease lapses by itself.
      this.#options.log.warn("engine.release_failed", { error });
    }
    return { settled: this.#settled, lost: this.#lost, more };
  }

  async #claim(limit: number): Promise<Job[]> {
    try {
      const jobs = await this.#options.client.claimJobs(this.id, limit, this.#options.kind);
      this.#lastBeat = performance.now();
      return jobs;
    } catch (error) {
      // Jobs may have been leased to us without our learning of it.
      this.#inDoubt = true;
      this.#options.log.warn("engine.claim_failed", { error });
      return [];
    }
  }

  /** Starts a walk for each job; resolves when they have begun. */
  async #start(jobs: Job[]): Promise<void> {
    let flows: Map<string, ReadyFlow>;
    try {
      flows = await this.#plans.get(jobs);
    } catch (error) {
      this.#inDoubt = true;
      this.#options.log.warn("engine.plans_failed", { error });
      return;
    }
    for (const job of jobs) void this.#track(this.#walk(job, flows.get(job.flow_version_id)));
  }

  async #track(work: Promise<void>): Promise<void> {
    this.#running.add(work);
    try {
      await work;
    } finally {
      this.#running.delete(work);
      this.#changed();
    }
  }

  /** Walks one token to its end. Never rejects. */
  async #walk(job: Job, flow: ReadyFlow | undefined): Promise<void> {
    const runLog = this.#options.log.with({ run_id: job.run_id, organization_id: job.organization_id });
    try {
      if (flow === undefined || !flow.ok) {
        await this.#settle(unrunnable(job, flow), runLog);
        return;
      }
      const surroundings = this.#surroundings(runLog);
      const Walk = job.payload?.undo ? UndoWalk : job.payload?.rest ? ItemsWalk : TokenWalk;
      const walk = new Walk(job, flow, surroundings);
      for (;;) {
        const result = await walk.next();
        if (result === null) return;
        if (!await this.#settle(result, runLog) || result.hold !== true || this.#closing) return;
      }
    } catch (error) {
      // Nothing of the checkpoint is known to be written: the lease goes, and another worker begins it again.
      this.#inDoubt = true;
      runLog.error("engine.walk_failed", { error });
    }
  }

  #surroundings(log: Log): StepSurroundings {
    const { providers, random = Math.random, callbackUrl, values } = this.#options;
    return {
      providers,
      log,
      signal: this.#abort.signal,
      random,
      ...(values !== undefined && { values }),
      ...(callbackUrl !== undefined && { callbackUrl }),
    };
  }

  /** Writes a checkpoint; false = the job is ours no more: it was lost, or its run is paused. */
  async #settle(result: JobResult, log: Log): Promise<boolean> {
    try {
      return this.#count(await this.#settles.settle(result), log);
    } catch (error) {
      if (isTransient(error)) throw error;
      // Postgres refuses what the steps gave: the run must end all the same.
      log.error("engine.settle_refused", { error });
      const refused = { code: "internal", message: "What the step gave could not be stored" };
      const finish = { status: "failed" as const, output: null, error: refused };
      return this.#count(await this.#settles.settle({ job: result.job, steps: [], finish }), log);
    }
  }

  #count({ written, parked }: Settled, log: Log): boolean {
    if (written) this.#settled++;
    else {
      this.#lost++;
      log.warn("engine.job_lost");
    }
    return written && !parked;
  }

  #keepLease(): void {
    if (this.#heartbeat !== undefined || this.#abort.signal.aborted) return;
    this.#lastBeat = performance.now();
    this.#heartbeat = setInterval(() => void this.#beat(), this.#options.heartbeatMs ?? 10_000);
  }

  async #beat(): Promise<void> {
    try {
      if (await this.#options.client.heartbeat(this.id)) {
        this.#lastBeat = performance.now();
        return;
      }
      this.#options.log.warn("engine.lease_lost");
    } catch (error) {
      if (performance.now() - this.#lastBeat < 30_000) return;
      this.#options.log.warn("engine.lease_lapsed", { error });
    }
    // Others have our jobs by now, or will: whatever runs here is of no use any more.
    this.#inDoubt = true;
    this.#abort.abort();
    this.#changed();
  }

  /** Waits until nothing runs any more, `limitMs` milliseconds at most. */
  async #settleDown(limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    while (this.#running.size > 0 && performance.now() < until) await this.#change(Math.min(1_000, limitMs));
  }

  /** Resolves when a job has ended or begun, or after `ms` milliseconds. */
  async #change(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Wakes everyone who waits for a change. */
  #changed(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** The end of a run whose flow can not be run. */
function unrunnable(job: Job, flow: ReadyFlow | undefined): JobResult {
  const error = flow === undefined || flow.ok
    ? { code: "flow_invalid", message: "The version of the flow is gone" }
    : { code: "flow_invalid", message: flow.message, details: flow.problems.map((problem) => ({ ...problem })) };
  return { job, steps: [], finish: { status: "failed", output: null, error } };
}

/**
 * A worker: claims work, has it done, keeps its lease, and gives everything back when it goes.
 *
 * | part | does |
 * | --- | --- |
 * | `ClaimPace` | decides when to claim and how much |
 * | `ConcurrencyController` | finds out how much may run at once |
 * | `CpuMeter` | estimates the CPU time used |
 * | `WorkerTokens`, `WorkerJobs` | do the work and write what came of it |
 * | `WorkerLease` | keeps the lease, reports what jobs tell |
 *
 * @module
 */
import { Backlog } from "./_backlog.ts";
import { Changes } from "./_changes.ts";
import { Gauges } from "./_gauges.ts";
import { isQueuedJob, Load } from "./_load.ts";
import type { Claim } from "./read_claim.ts";
import { WorkNews } from "./_work_news.ts";
import { WorkerJobs } from "./_worker_jobs.ts";
import { WorkerLease } from "./_worker_lease.ts";
import { WorkerTokens } from "./_worker_tokens.ts";
import { ClaimPace, type InHand } from "./claim_pace.ts";
import type { Job } from "./types.ts";
import type { DrainOptions, DrainReport, WorkerOptions } from "./worker_options.ts";

/** Milliseconds that running work gets to end when the worker goes. */
const GRACE_MS = 20_000;

/** Milliseconds that it gets once it has been told to stop. */
const ABORT_MS = 2_000;

/** Milliseconds of work without a break for the event loop. */
const SLICE_MS = 8;

/** A worker under one lease. */
export class Worker {
  /** Its name in Postgres; a worker that lost its lease is over, and the next one has another id. */
  readonly id: string = crypto.randomUUID();
  readonly #options: WorkerOptions;
  readonly #tokens: WorkerTokens;
  readonly #jobs: WorkerJobs;
  readonly #lease: WorkerLease;
  readonly #gauges: Gauges;
  readonly #abort = new AbortController();
  readonly #changes = new Changes();
  readonly #backlog = new Backlog();
  readonly #load = new Load();
  #pace: ClaimPace | undefined;
  #isPumpDue = false;
  /** Pieces of work that ended since the pace was told. */
  #ended = 0;
  #claims = 0;
  /** Set when tokens may be leased to us that we do not know of: finish what we have, then let the lease go. */
  #inDoubt = false;
  /** Set when it goes: what runs may end, nothing new begins. */
  #closing = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { client, log, patienceMs } = options;
    this.#gauges = new Gauges(options.concurrency);
    const common = {
      workerId: this.id,
      meter: this.#gauges.meter,
      onDoubt: () => this.doubt(),
      onEnded: (id: string) => this.#end(id),
      onChange: () => this.#goOn(),
    };
    this.#tokens = new WorkerTokens({
      ...common,
      worker: options,
      signal: this.#abort.signal,
      isClosing: () => this.#closing,
      onTokens: (tokens) => void this.accept(tokens),
      onMore: () => {
        this.#pace?.hurry();
        this.#changes.announce();
      },
      onCall: (size, ms) => this.#gauges.called("settle", size, ms),
    });
    this.#jobs = new WorkerJobs({
      ...common,
      client,
      log,
      runner: options.jobs,
      onCall: (size, ms) => this.#gauges.called("finish", size, ms),
      ...(patienceMs !== undefined && { patienceMs }),
    });
    this.#lease = new WorkerLease({
      client,
      workerId: this.id,
      log,
      heartbeatMs: options.heartbeatMs ?? 10_000,
      reportMs: options.reportMs ?? 1_000,
      jobs: this.#jobs,
      onLost: () => this.#lose(),
    });
  }

  /** Whether it takes no more work: its lease is lost or in doubt, its CPU time is used up, or it is closing. */
  get over(): boolean {
    return this.#abort.signal.aborted || this.#inDoubt || this.#closing || this.#gauges.isSpent;
  }

  /** Whether nothing is in its hands at this moment. */
  get isIdle(): boolean {
    return this.#running === 0 && this.#backlog.size === 0 && this.#jobs.unwritten === 0;
  }

  /** Checkpoints written so far. */
  get settled(): number {
    return this.#tokens.settled;
  }

  /** Tokens and jobs that it does at once, at present. */
  get concurrency(): number {
    return this.#gauges.limit;
  }

  /** Says that work may be leased to it that it does not know of: it takes no more, and its lease will not be kept. */
  doubt(): void {
    this.#inDoubt = true;
    this.#changes.announce();
  }

  /** Resolves when nothing is in its hands any more. */
  async idle(): Promise<void> {
    while (!this.isIdle) await this.#changes.wait(1_000);
  }

  /** Runs tokens that are leased to this worker already (by an inline start or a settle). */
  async accept(tokens: Job[]): Promise<void> {
    // When it is closing, what it still gets goes back with the lease.
    if (tokens.length === 0 || this.#closing) return;
    this.#lease.keep();
    await this.#tokens.start(tokens);
  }

  /** Claims and works until there is nothing to do, then gives the lease back. */
  async drain(options: DrainOptions = {}): Promise<DrainReport> {
    const { signal, budgetMs = 100_000, idleMs = 2_000, cpuBudgetMs = Infinity } = options;
    const until = performance.now() + budgetMs;
    const pace = this.#newPace(options.pollMs ?? 200);
    const news = new WorkNews(this.#options, this.id, pace, options, () => this.#changes.announce());
    this.#pace = pace;
    const wake = () => this.#changes.announce();
    signal?.addEventListener("abort", wake);
    this.#gauges.start(cpuBudgetMs);
    let idleSince = performance.now();
    while (!this.over && !signal?.aborted && performance.now() < until) {
      const now = performance.now();
      const wanted = pace.wanted(this.#inHand(now), now);
      if (wanted > 0) {
        const found = await this.#claim(pace, wanted, news.isListening);
        if (found > 0) idleSince = performance.now();
        await news.claimed(found, this.isIdle);
        continue;
      }
      if (!this.isIdle) idleSince = now;
      else if (now - idleSince >= idleMs) break;
      await this.#changes.wait(Math.min(pace.wait(now), Math.max(1, until - now)));
    }
    signal?.removeEventListener("abort", wake);
    await news.close();
    return await this.close(signal?.aborted ? 0 : undefined);
  }

  /** Runs what was accepted, and what follows from it, to the end; then gives the lease back. */
  async finish(signal?: AbortSignal): Promise<DrainReport> {
    while (!this.isIdle && !this.over && !signal?.aborted) await this.#changes.wait(1_000);
    return await this.close(signal?.aborted ? 0 : undefined);
  }

  /**
   * Gives the lease back. Work that runs gets a moment to end; what has not ended, or not begun, is given to others.
   *
   * @param graceMs Milliseconds that running work gets to end. Default 20,000.
   */
  async close(graceMs: number = GRACE_MS): Promise<DrainReport> {
    this.#closing = true;
    if (!this.#abort.signal.aborted) await this.#settleDown(graceMs);
    this.#abort.abort();
    this.#jobs.stop("closing");
    await this.#settleDown(ABORT_MS);
    this.#lease.stop();
    this.#gauges.meter.stop();
    await this.#options.secrets?.flush();
    let more = false;
    try {
      ({ more } = await this.#options.client.releaseWorker(this.id, this.#options.kind === "worker"));
    } catch (error) {
      // The lease lapses by itself.
      this.#options.log.warn("engine.release_failed", { error });
    }
    return {
      settled: this.#tokens.settled,
      jobs: this.#jobs.finished,
      lost: this.#tokens.lost + this.#jobs.lost,
      claims: this.#claims,
      cpuMs: Math.round(this.#gauges.meter.usedMs),
      more,
    };
  }

  get #running(): number {
    return this.#tokens.running + this.#jobs.running;
  }

  #newPace(pollMs: number): ClaimPace {
    const { concurrency, maxBytes = 67_108_864 } = this.#options;
    const { batch = typeof concurrency === "number" ? concurrency : 500 } = this.#options;
    return new ClaimPace({ pollMs, batch, maxBytes }, performance.now());
  }

  #inHand(now: number): InHand {
    const [running, backlog, unwritten] = [this.#running, this.#backlog.size, this.#jobs.unwritten];
    const bytes = this.#load.bytes(running + backlog) + this.#jobs.unwrittenCharacters * 2;
    return { limit: this.#gauges.decide(now), running, backlog, unwritten, bytes };
  }

  /** Claims and begins; gives how much was found. */
  async #claim(pace: ClaimPace, limit: number, listens: boolean): Promise<number> {
    const startedAt = performance.now();
    const { client, kind } = this.#options;
    pace.claiming();
    this.#claims++;
    let claim: Claim;
    try {
      claim = await client.claim(this.id, limit, { kind, listens });
    } catch (error) {
      // Work may have been leased to us without our learning of it.
      this.#inDoubt = true;
      this.#options.log.warn("engine.claim_failed", { error });
      return 0;
    }
    this.#lease.prolonged();
    const found = claim.tokens.length + claim.jobs.length;
    const bytes = this.#load.add(claim);
    this.#gauges.read(bytes);
    this.#gauges.called("claim", found, performance.now() - startedAt);
    pace.claimed(limit, found, bytes, performance.now());
    if (found > 0) {
      this.#lease.keep();
      await this.#jobs.prepare(claim.jobs);
      this.#backlog.add(claim);
      this.#pump();
    }
    return found;
  }

  /** Begins what there is room for, with breaks for the event loop. */
  #pump(): void {
    if (this.#isPumpDue) return;
    const tokens: Job[] = [];
    const until = performance.now() + SLICE_MS;
    while (this.#backlog.size > 0 && !this.over && this.#running + tokens.length < this.#gauges.limit) {
      const work = this.#backlog.take();
      if (isQueuedJob(work)) this.#jobs.start(work);
      else tokens.push(work);
      if (performance.now() < until) continue;
      this.#isPumpDue = true;
      setTimeout(() => {
        this.#isPumpDue = false;
        this.#goOn();
      }, 0);
      break;
    }
    void this.accept(tokens);
    this.#gauges.running(this.#running);
    if (this.#ended > 0) this.#pace?.ended(this.#ended, performance.now());
    this.#ended = 0;
  }

  #end(id: string): void {
    this.#ended++;
    this.#load.end(id);
  }

  /** Something has ended: begins what there is room for, and has whoever waits look. */
  #goOn(): void {
    this.#pump();
    if (this.isIdle) this.#pace?.hurry();
    this.#changes.announce();
  }

  /** Others have our work by now, or will: whatever runs here is of no use any more. */
  #lose(): void {
    this.#inDoubt = true;
    this.#abort.abort();
    this.#jobs.stop("lost");
    this.#changes.announce();
  }

  /** Waits until what runs has ended and is written, `limitMs` milliseconds at most. */
  async #settleDown(limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    while (this.#running + this.#jobs.unwritten > 0 && performance.now() < until) {
      await this.#changes.wait(Math.min(1_000, limitMs));
    }
  }
}

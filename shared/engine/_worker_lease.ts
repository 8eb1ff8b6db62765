import type { Log } from "../log/mod.ts";
import type { EngineClient } from "./client.ts";

/** Milliseconds after which a lease that was not prolonged has lapsed. */
const LEASE_MS = 30_000;

/** What {@linkcode WorkerLease} needs. */
export interface WorkerLeaseOptions {
  client: EngineClient;
  workerId: string;
  log: Log;
  heartbeatMs: number;
  reportMs: number;
  /** What there is to report, or to ask for. */
  readonly jobs: {
    /** Whether there is something to tell. */
    readonly hasProgress: boolean;
    /** Whether somebody may want a job to stop. */
    hasLong(now: number): boolean;
    /** Tells, and asks. Never rejects. */
    report(): Promise<void>;
  };
  /** Called once, when the lease is lost. */
  onLost(): void;
}

/** Of so many occasions one is used to ask whether jobs are to stop, when there is nothing to tell. */
const ASK_EVERY = 3;

/** Keeps the lease of a worker while it holds work, and reports what its jobs tell of themselves. */
export class WorkerLease {
  readonly #options: WorkerLeaseOptions;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #reports: ReturnType<typeof setInterval> | undefined;
  #lastBeat = performance.now();
  #lastReport = 0;
  #isReporting = false;
  #isOver = false;

  constructor(options: WorkerLeaseOptions) {
    this.#options = options;
  }

  /** Begins; does nothing when it has, or when it is over. */
  keep(): void {
    if (this.#heartbeat !== undefined || this.#isOver) return;
    this.#lastBeat = performance.now();
    this.#heartbeat = setInterval(() => void this.#beat(), this.#options.heartbeatMs);
    this.#reports = setInterval(() => void this.#report(), this.#options.reportMs);
  }

  /** Takes note that a call prolonged the lease. */
  prolonged(): void {
    this.#lastBeat = performance.now();
  }

  /** Ends it: the lease is left to itself. */
  stop(): void {
    clearInterval(this.#heartbeat);
    clearInterval(this.#reports);
    this.#heartbeat = this.#reports = undefined;
    this.#isOver = true;
  }

  async #beat(): Promise<void> {
    const { client, workerId, log, onLost } = this.#options;
    try {
      if (await client.heartbeat(workerId)) {
        this.prolonged();
        return;
      }
      log.warn("engine.lease_lost");
    } catch (error) {
      if (performance.now() - this.#lastBeat < LEASE_MS) return;
      log.warn("engine.lease_lapsed", { error });
    }
    onLost();
  }

  async #report(): Promise<void> {
    const now = performance.now();
    const { jobs, reportMs } = this.#options;
    // What there is to tell goes out at the next occasion; the mere question whether to stop can wait a little.
    const isDue = jobs.hasProgress || (jobs.hasLong(now) && now - this.#lastReport >= ASK_EVERY * reportMs);
    if (!isDue || this.#isReporting) return;
    this.#isReporting = true;
    this.#lastReport = now;
    await jobs.report();
    this.#isReporting = false;
  }
}

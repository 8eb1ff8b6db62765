/**
 * A queue of jobs in memory that speaks as Postgres does, for tests of the worker.
 *
 * @module
 */
import {
  EngineClient,
  type EngineFunction,
  type EngineTransport,
  type JobProgress,
  type JobSettlement,
  type LeaseSettlement,
  PLATFORM_ID,
  type QueuedJob,
} from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";

/** Options of {@linkcode FakeQueue}. */
export interface FakeQueueOptions {
  /** Milliseconds that a call takes. */
  callMs?: number;
  /** Whether those who wait can be told of work. */
  canListen?: boolean;
  /** Called before a call is answered; what it throws is the answer. */
  onCall?(name: EngineFunction, args: { [parameter: string]: Json }): void;
}

/** The queue. */
export class FakeQueue {
  readonly waiting: QueuedJob[] = [];
  readonly leased = new Map<string, { workerId: string; job: QueuedJob }>();
  readonly settled: JobSettlement[] = [];
  readonly reports: JobProgress[][] = [];
  readonly calls: Record<string, number> = {};
  /** Jobs that somebody wants to stop. */
  readonly toCancel = new Set<string>();
  /** Workers whose last claim found nothing. */
  readonly idle = new Set<string>();
  /** Whether heartbeats find the lease. */
  isLeaseKept = true;
  readonly #options: FakeQueueOptions;
  readonly #listeners = new Set<(workerId: string) => void>();

  constructor(options: FakeQueueOptions = {}) {
    this.#options = options;
  }

  /** Adds jobs, and tells who waits. */
  enqueue(count: number, type = "test.job", payload: Json = {}): QueuedJob[] {
    const jobs = Array.from({ length: count }, (): QueuedJob => ({
      job: crypto.randomUUID(),
      lease: "",
      type,
      organization_id: PLATFORM_ID,
      payload,
      attempt: 1,
      max_attempts: 8,
    }));
    this.waiting.push(...jobs);
    if (this.idle.size > 0) { for (const tell of [...this.#listeners]) setTimeout(() => tell(""), 0); }
    return jobs;
  }

  /** A client of its own for a worker. */
  client(): EngineClient {
    const { canListen = false } = this.#options;
    const transport: EngineTransport = {
      call: (name, args) => this.#call(name, args),
      close: () => Promise.resolve(),
    };
    if (canListen) {
      transport.listen = (onNotify) => {
        this.#listeners.add(onNotify);
        return Promise.resolve(() => {
          this.#listeners.delete(onNotify);
          return Promise.resolve();
        });
      };
    }
    return new EngineClient(transport);
  }

  async #call(name: EngineFunction, args: { [parameter: string]: Json }): Promise<Json> {
    this.calls[name] = (this.calls[name] ?? 0) + 1;
    await new Promise((resolve) => setTimeout(resolve, this.#options.callMs ?? 0));
    this.#options.onCall?.(name, args);
    const workerId = String(args["p_worker_id"]);
    switch (name) {
      case "claim_jobs":
        return this.#claim(workerId, Number(args["p_limit"]));
      case "finish_jobs":
        return this.#finish(workerId, args["p_results"] as unknown as (JobSettlement | LeaseSettlement)[]);
      case "report_jobs":
        this.reports.push(args["p_progress"] as unknown as JobProgress[]);
        return { cancel: [...this.toCancel] };
      case "heartbeat":
        return this.isLeaseKept;
      case "release_worker":
        return this.#release(workerId);
      default:
        return null;
    }
  }

  #claim(workerId: string, limit: number): Json {
    const lease = crypto.randomUUID();
    const jobs = this.waiting.splice(0, limit).map((job) => ({ ...job, lease }));
    for (const job of jobs) this.leased.set(job.job, { workerId, job });
    if (jobs.length > 0) {
      this.idle.delete(workerId);
      return [{
        lease,
        jobs: jobs.map(({ job }) => job),
        organization_ids: jobs.map(({ organization_id }) => organization_id),
        types: jobs.map(({ type }) => type),
        payloads: jobs.map(({ payload }) => payload),
        attempts: jobs.map(({ attempt }) => attempt),
        max_attempts: jobs.map(({ max_attempts }) => max_attempts),
        priorities: [100],
      }];
    }
    this.idle.add(workerId);
    return [];
  }

  #finish(workerId: string, results: (JobSettlement | LeaseSettlement)[]): Json {
    const settled: string[] = [];
    const leases: string[] = [];
    for (const result of results) {
      if (!("job" in result)) {
        const mine = [...this.leased.values()].filter(({ job }) => job.lease === result.lease);
        for (const { job: { job, lease } } of mine) this.#end({ job, lease, outcome: "completed" });
        if (mine.length > 0) leases.push(result.lease);
        continue;
      }
      const held = this.leased.get(result.job);
      if (held?.workerId !== workerId || held.job.lease !== result.lease) continue;
      this.#end(result);
      settled.push(result.job);
    }
    return { settled, leases };
  }

  #end(settlement: JobSettlement): void {
    this.leased.delete(settlement.job);
    this.settled.push(settlement);
  }

  #release(workerId: string): Json {
    const mine = [...this.leased.values()].filter((held) => held.workerId === workerId);
    for (const { job } of mine) {
      this.leased.delete(job.job);
      this.waiting.push(job);
    }
    this.idle.delete(workerId);
    return { freed: mine.length, more: this.waiting.length > 0 };
  }
}

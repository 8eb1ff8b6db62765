/**
 * The words between workers and Postgres about jobs: background work that is no step of a run. The other side is
 * `engine.claim_jobs`, `engine.finish_jobs`, `engine.report_jobs` and `engine.enqueue_jobs` in sql/20_jobs.
 *
 * @module
 */
import type { Json } from "../graph/mod.ts";

/** Stands in `organization_id` of jobs that belong to no tenant, but to the platform itself. */
export const PLATFORM_ID = "00000000-0000-0000-0000-000000000000";

/** A job leased to a worker. */
export interface QueuedJob {
  /** Its id. */
  job: string;
  /** The fence: a result that names a lease that is gone changes nothing. */
  lease: string;
  type: string;
  /** The tenant, or {@linkcode PLATFORM_ID}. */
  organization_id: string;
  /** Its arguments. */
  payload: Json;
  /** How often it has been begun, this time included. */
  attempt: number;
  max_attempts: number;
}

/** Why a job failed, as it is stored. */
export interface JobFailure {
  code: string;
  message: string;
  details?: Json;
}

/** What a worker says of a job that it held. */
export interface JobSettlement {
  lease: string;
  job: string;
  /**
   * `retry` = it goes back to the queue and comes again after `delay_ms`, unless this was its last attempt; `failed` = it
   * becomes a dead letter at once; `cancelled` = somebody asked it to stop, and it did.
   */
  outcome: "completed" | "retry" | "failed" | "cancelled";
  result?: Json;
  error?: JobFailure;
  /** Milliseconds until the next attempt. */
  delay_ms?: number;
  /** False = a retry that does not count as an attempt, because the job was not run. */
  counted?: boolean;
  /** False = nothing is kept of a completed job. Default true. */
  keep?: boolean;
  /** Milliseconds that it took. */
  busy_ms?: number;
}

/** What a worker says of a lease of which every job completed without a result. */
export interface LeaseSettlement {
  lease: string;
  /** Whether they go into the history. */
  keep: boolean;
  /** Milliseconds that all of them took together. */
  busy_ms: number;
}

/** The answer to settlements: what it does not name was lost, and nothing of it was written. */
export interface FinishReply {
  /** Jobs that were written one by one. */
  settled: string[];
  /** Leases that were finished as a whole. */
  leases?: string[];
}

/** What a job tells of itself while it is at work. */
export interface JobProgress {
  job: string;
  progress: Json;
}

/** A job to be put into the queue. */
export interface NewJob {
  type: string;
  /** The tenant; the platform when absent. */
  organization_id?: string;
  /** Its arguments. Default `{}`. */
  payload?: Json;
  /** Lower ones come first. Default 100. */
  priority?: number;
  /** Seconds until it is due; not together with `scheduled_for`. */
  delay_seconds?: number;
  /** When it is due, ISO 8601. */
  scheduled_for?: string;
  /** How often it may be begun. Default 8. */
  max_attempts?: number;
  /** Among jobs of this tenant and type that have not begun there is one with this key. */
  unique_key?: string;
  /** What becomes of this job when there is one. Default `keep`: the one that is there stays. */
  on_conflict?: "keep" | "replace" | "reject";
  /** Jobs of this tenant with the same key share `concurrency_limit` places. */
  concurrency_key?: string;
  /** Default 1. */
  concurrency_limit?: number;
  /** Seconds after which it is not begun any more; not together with `expires_at`. */
  expires_in_seconds?: number;
  /** When it is not begun any more, ISO 8601. */
  expires_at?: string;
}

/** What became of a {@linkcode NewJob}: `kept` and `rejected` give the id of the job that was there. */
export interface EnqueuedJob {
  id: string;
  status: "enqueued" | "replaced" | "kept" | "rejected";
}

/** What there is for a worker to do while a job runs. */
export interface JobHooks {
  /** Takes what the job tells of itself; only the newest is of interest. */
  onProgress(job: QueuedJob, progress: Json): void;
}

/** Why a job is stopped: somebody asked for it, its lease is lost, or its worker goes. */
export type StopReason = "cancelled" | "lost" | "closing";

/** A job at work. */
export interface RunningJob {
  /** What became of it; null when nobody needs to know, because its lease is lost or given back. Never rejects. */
  readonly done: Promise<JobSettlement | null>;
  /** Tells it to stop: its signal is aborted, and what it does from then on is of no interest. */
  stop(reason: StopReason): void;
}

/** Runs jobs: `shared/jobs` does, whatever their types are. */
export interface JobRunner {
  /**
   * Begins a job. Never throws.
   *
   * @returns A settlement when the job ended at once, without waiting for anything.
   */
  start(job: QueuedJob, hooks: JobHooks): RunningJob | JobSettlement;
  /**
   * Loads what these jobs need, so that none of them waits for it when it begins. Never rejects.
   *
   * @returns Undefined when everything is there.
   */
  prepare?(jobs: readonly QueuedJob[]): Promise<void> | undefined;
  /** Takes back what the runner holds (timers). Jobs at work go on. */
  close?(): void;
}

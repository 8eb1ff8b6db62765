import type { Log } from "../log/mod.ts";
import type { Providers } from "../providers/mod.ts";
import type { OutputStore } from "./_large_outputs.ts";
import type { CallbackPlace } from "./callback_url.ts";
import type { EngineClient, WorkerKind } from "./client.ts";
import type { PlanCache } from "./plan_cache.ts";

/** What a worker needs. */
export interface WorkerOptions {
  client: EngineClient;
  providers: Providers;
  log: Log;
  /** `worker` drains the queue, `inline` runs what its own request started. */
  kind: WorkerKind;
  /** Jobs at once. Default 16. */
  concurrency?: number;
  /** Plans that outlive this worker; its own by default. */
  plans?: PlanCache;
  /** Milliseconds between heartbeats; the lease is 30 s. Default 10,000. */
  heartbeatMs?: number;
  /** Milliseconds that a settle goes on trying while Postgres is away. Default 60,000. */
  patienceMs?: number;
  /** Chance for jitter, in [0, 1). */
  random?: () => number;
  /** Keeps large outputs; without it an output may have 1 MiB. */
  values?: OutputStore;
  /** Makes the URLs that complete waiting steps; without it, whoever asks for one fails. */
  callbackUrl?(place: CallbackPlace): Promise<string>;
}

/** When {@linkcode Worker.drain} ends. */
export interface DrainOptions {
  /** Ends early, giving unfinished jobs back. */
  signal?: AbortSignal;
  /** Milliseconds after which nothing more is claimed. Default 100,000. */
  budgetMs?: number;
  /** Milliseconds without work after which it ends. Default 2,000. */
  idleMs?: number;
  /** Milliseconds between claims while there is nothing to do. Default 200. */
  pollMs?: number;
}

/** What a drain has done. */
export interface DrainReport {
  /** Checkpoints written. */
  settled: number;
  /** Jobs that another worker had taken over. */
  lost: number;
  /** Whether work was left that another worker should take. */
  more: boolean;
}

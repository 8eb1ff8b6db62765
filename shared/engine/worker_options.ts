import type { Log } from "../log/mod.ts";
import type { Breakers, Providers } from "../providers/mod.ts";
import type { SecretReader } from "../secrets/mod.ts";
import type { OutputStore } from "./_large_outputs.ts";
import type { CallbackPlace } from "./callback_url.ts";
import type { EngineClient, WorkerKind } from "./client.ts";
import type { ConcurrencyOptions } from "./concurrency.ts";
import type { JobRunner } from "./job_types.ts";
import type { PlanCache } from "./plan_cache.ts";

/** What a worker needs. */
export interface WorkerOptions {
  client: EngineClient;
  providers: Providers;
  /** Keep steps away from services that are down. */
  breakers?: Breakers;
  log: Log;
  /** `worker` drains the queue, `inline` runs what its own request started. */
  kind: WorkerKind;
  /**
   * Tokens and jobs at once. A number = always so many; otherwise the worker finds it out within these bounds, from 16 on.
   * What ends without waiting for anything does not count.
   */
  concurrency?: number | ConcurrencyOptions;
  /** Most pieces of work that one claim takes. Default 500; with a number for `concurrency`, that number. */
  batch?: number;
  /** Bytes of payloads and outputs that it may hold before it claims no more. Default 64 MiB. */
  maxBytes?: number;
  /** Runs jobs (`shared/jobs`); without it the worker is for tokens only. */
  jobs?: JobRunner;
  /** Milliseconds between two reports of what jobs tell of themselves. Default 1,000. */
  reportMs?: number;
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
  /** Reads the secrets that steps name; without it, whoever names one fails. */
  secrets?: Pick<SecretReader, "read" | "flush">;
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
  /** Milliseconds between claims while there is nothing to do. Default 200; where it is told of work, 1,000. */
  pollMs?: number;
  /** Milliseconds of CPU time, as far as they can be known, after which it hands over to another worker. Default: none. */
  cpuBudgetMs?: number;
  /** False = it does not listen for news of work, although its transport could. */
  listen?: boolean;
}

/** What a drain has done. */
export interface DrainReport {
  /** Checkpoints written. */
  settled: number;
  /** Jobs finished. */
  jobs: number;
  /** Tokens and jobs that another worker had taken over. */
  lost: number;
  /** Claims made. */
  claims: number;
  /** Milliseconds of CPU time used, as far as they can be known. */
  cpuMs: number;
  /** Whether work was left that another worker should take. */
  more: boolean;
}

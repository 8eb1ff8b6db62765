/**
 * What the benchmark asks of a queue, whichever it is.
 *
 * @module
 */

/** Where a queue lives and how it is to be used. */
export interface SystemOptions {
  /** Connection string of a database of its own. */
  url: string;
  /** One of the ways to use it, as its program names them. */
  mode: string;
}

/** How jobs are worked off. */
export interface WorkOptions {
  /** Handlers at once. */
  concurrency: number;
  /** Called when the handler of job number `n` begins; nothing else is done for a job. */
  onJob(n: number): void;
}

/** A worker at work. */
export interface RunningWorker {
  /** Ends it gracefully: what it has finished is written. */
  stop(): Promise<void>;
}

/** A queue under measurement. Jobs carry nothing but their number. */
export interface QueueSystem {
  /** Makes what the system needs in an empty database. */
  install(): Promise<void>;
  /** Enqueues one job, the ordinary way. */
  enqueueOne(n: number): Promise<void>;
  /** Enqueues jobs with as few calls as the system allows, in one transaction. */
  enqueueMany(numbers: readonly number[]): Promise<void>;
  /** Begins to work off the queue; resolves once it does. */
  work(options: WorkOptions): Promise<RunningWorker>;
  /** Whether any job waits or runs, as others see it. */
  hasWork(): Promise<boolean>;
  /** Forgets all jobs. */
  reset(): Promise<void>;
  /** Adds finished jobs as the system keeps them; false = it keeps none. */
  addHistory(count: number): Promise<boolean>;
  /** Ends its connections. */
  close(): Promise<void>;
}

/** Opens a system. */
export type OpenSystem = (options: SystemOptions) => Promise<QueueSystem>;

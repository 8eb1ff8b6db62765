import { isTransient } from "./settle_queue.ts";
import type { Job } from "./types.ts";
import { Worker } from "./worker.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** What an {@linkcode InlineRunner} needs. */
export interface InlineRunnerOptions extends Omit<WorkerOptions, "kind"> {
  /** Milliseconds that the lease is kept after the last run, for the next request of a burst. Default 1,000. */
  lingerMs?: number;
}

/**
 * Runs what requests of this isolate start, right after they were answered. All of them share one lease, which is given
 * back when nothing has run for a while; if the isolate dies before that, the lease lapses and any worker goes on.
 */
export class InlineRunner {
  readonly #options: InlineRunnerOptions;
  #worker: Worker | undefined;
  /** Requests that are about to hand over jobs. */
  #pending = 0;
  /** What is kept when a worker has nothing left to run. */
  readonly #idle = new WeakMap<Worker, Promise<void>>();

  /** @param options What its workers need. */
  constructor(options: InlineRunnerOptions) {
    this.#options = options;
  }

  /**
   * Makes a call that leases jobs to this isolate, and runs them.
   *
   * @param call Gets the id to lease them to.
   * @returns What the call gave, as soon as it gave it, and a promise that is kept when this isolate has nothing left to
   * run: for `waitUntil`.
   */
  async start<T extends { jobs: Job[] }>(
    call: (workerId: string) => Promise<T>,
  ): Promise<{ reply: T; idle: Promise<void> }> {
    if (this.#worker === undefined || this.#worker.over) {
      this.#worker = new Worker({ ...this.#options, kind: "inline" });
    }
    const worker = this.#worker;
    this.#pending++;
    try {
      const reply = await call(worker.id);
      // Nothing was leased, and nothing of another request is under way: there is no lease to give back.
      if (reply.jobs.length === 0 && !this.#idle.has(worker)) return { reply, idle: Promise.resolve() };
      // Not awaited: who asked need not wait until the plan is there.
      void worker.accept(reply.jobs);
      const idle = this.#idle.get(worker) ?? this.#closeWhenIdle(worker);
      this.#idle.set(worker, idle);
      return { reply, idle };
    } catch (error) {
      // The call may have leased a job to this worker all the same: it must not keep the lease for the next ones.
      if (isTransient(error)) worker.doubt();
      throw error;
    } finally {
      this.#pending--;
    }
  }

  async #closeWhenIdle(worker: Worker): Promise<void> {
    while (!worker.over) {
      await worker.idle();
      const quiet = worker.settled;
      await new Promise((resolve) => setTimeout(resolve, this.#options.lingerMs ?? 1_000));
      if (this.#pending === 0 && worker.isIdle && worker.settled === quiet) break;
    }
    if (this.#worker === worker) this.#worker = undefined;
    await worker.close();
  }
}

/** What {@linkcode JobLanes} needs. */
export interface JobLanesOptions<J> {
  /** Jobs at once. */
  concurrency: number;
  /** Jobs that a claim takes, and a settle at most. */
  batch: number;
  /** Milliseconds between claims while nothing wakes it. */
  pollMs: number;
  claim(limit: number): Promise<J[]>;
  run(job: J): Promise<void>;
  finish(jobs: J[]): Promise<void>;
}

/**
 * The least worker there is: claims in batches ahead of the handlers, runs so many at once, and settles what gathered
 * while the last settle was under way.
 */
export class JobLanes<J> {
  readonly #options: JobLanesOptions<J>;
  readonly #ready: J[] = [];
  readonly #done: J[] = [];
  #running = 0;
  #isStopping = false;
  #wake = Promise.withResolvers<void>();
  #ended: Promise<unknown> = Promise.resolve();
  #roomFor = Promise.withResolvers<void>();
  #finished = Promise.withResolvers<void>();

  constructor(options: JobLanesOptions<J>) {
    this.#options = options;
  }

  /** Begins. */
  start(): void {
    this.#ended = Promise.all([this.#claims(), this.#settles()]);
    this.#ended.catch(() => {});
  }

  /** Says that there may be something to claim. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Ends after what runs is done and settled; what has not begun is left for the lease to go. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#ready.length = 0;
    this.#roomFor.resolve();
    this.wake();
    this.#finished.resolve();
    await this.#ended;
  }

  async #claims(): Promise<void> {
    const { claim, batch, pollMs } = this.#options;
    while (!this.#isStopping) {
      this.#wake = Promise.withResolvers();
      const jobs = await claim(batch);
      if (this.#isStopping) return;
      if (jobs.length === 0) {
        const timer = setTimeout(() => this.wake(), pollMs);
        await this.#wake.promise;
        clearTimeout(timer);
        continue;
      }
      this.#ready.push(...jobs);
      for (let lane = this.#running; lane < this.#options.concurrency; lane++) void this.#lane();
      // The next claim is made while half of this one is still to be done.
      while (this.#ready.length > batch / 2 && !this.#isStopping) {
        this.#roomFor = Promise.withResolvers();
        await this.#roomFor.promise;
      }
    }
  }

  async #lane(): Promise<void> {
    this.#running++;
    const { run, batch } = this.#options;
    for (let job = this.#ready.shift(); job !== undefined; job = this.#ready.shift()) {
      await run(job);
      this.#done.push(job);
      this.#finished.resolve();
      if (this.#ready.length <= batch / 2) this.#roomFor.resolve();
    }
    this.#running--;
    this.#finished.resolve();
  }

  async #settles(): Promise<void> {
    while (!this.#isStopping || this.#running > 0 || this.#done.length > 0) {
      this.#finished = Promise.withResolvers();
      if (this.#done.length === 0) {
        if (this.#isStopping && this.#running === 0) break;
        await this.#finished.promise;
        // What ends in the same turn of the event loop is settled together.
        await new Promise((resolve) => setTimeout(resolve, 0));
        continue;
      }
      await this.#options.finish(this.#done.splice(0, this.#options.batch));
    }
  }
}

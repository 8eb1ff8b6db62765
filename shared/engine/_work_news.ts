import type { ClaimPace } from "./claim_pace.ts";
import type { DrainOptions, WorkerOptions } from "./worker_options.ts";

/** Milliseconds between claims of an idle worker that is told of work: what becomes due by itself nobody tells. */
const LISTENING_POLL_MS = 1_000;

/** A worker that is about to go need not listen, milliseconds. */
const LEAST_IDLE_MS = 1_000;

/**
 * News of work for an idle worker. It begins to listen when it has nothing to do for the first time. Whoever makes work
 * tells only those of whom Postgres knows that they wait, and it knows that from a claim that found nothing; work made
 * while that claim was under way is found by another one right after it.
 */
export class WorkNews {
  readonly #worker: WorkerOptions;
  readonly #workerId: string;
  readonly #pace: ClaimPace;
  readonly #isWanted: boolean;
  readonly #onNews: () => void;
  #stop: (() => Promise<void>) | null | undefined;
  #misses = 0;

  constructor(
    worker: WorkerOptions,
    workerId: string,
    pace: ClaimPace,
    { listen, pollMs, idleMs = 2_000 }: DrainOptions,
    onNews: () => void,
  ) {
    this.#worker = worker;
    this.#workerId = workerId;
    this.#pace = pace;
    this.#onNews = onNews;
    this.#isWanted = listen ?? (pollMs === undefined && idleMs >= LEAST_IDLE_MS);
  }

  /** Whether it would be told. */
  get isListening(): boolean {
    return typeof this.#stop === "function";
  }

  /** Takes note of a claim; before an idle worker waits, makes sure that it will be told of work. */
  async claimed(found: number, isIdle: boolean): Promise<void> {
    if (found > 0) this.#misses = 0;
    if (found > 0 || !isIdle || !this.#isWanted) return;
    if (this.isListening) {
      this.#misses++;
      // The first claim that finds nothing says that we wait; the second one finds what was made meanwhile.
      if (this.#misses === 1) this.#pace.hurry();
      return;
    }
    if (this.#stop !== undefined) return;
    await this.#listen();
    if (!this.isListening) return;
    this.#pace.poll(LISTENING_POLL_MS);
    this.#pace.hurry();
  }

  /** Ends the listening. */
  async close(): Promise<void> {
    try {
      await this.#stop?.();
    } catch (error) {
      this.#worker.log.debug("engine.listening_ended", { error });
    }
  }

  async #listen(): Promise<void> {
    try {
      this.#stop = await this.#worker.client.listen((workerId) => {
        if (workerId !== "" && workerId !== this.#workerId) return;
        this.#pace.notified(performance.now());
        this.#onNews();
      });
      if (this.#stop === null) this.#worker.log.debug("engine.cannot_listen");
    } catch (error) {
      this.#stop = null;
      this.#worker.log.warn("engine.cannot_listen", { error });
    }
  }
}

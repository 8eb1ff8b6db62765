import { type JobHooks, PLATFORM_ID, type QueuedJob, toStorable } from "../engine/mod.ts";
import type { Env } from "../env/mod.ts";
import type { Json } from "../graph/mod.ts";
import type { Log } from "../log/mod.ts";
import type { Breakers, CircuitBreaker, Providers } from "../providers/mod.ts";
import type { AnyJob, JobContext } from "./define_job.ts";

/** Bytes of JSON that a job may tell of itself. */
const MAX_PROGRESS_BYTES = 4_096;

/** What jobs have in common. */
interface Surroundings {
  readonly env: Env;
  readonly providers: Providers;
  readonly breakers?: Breakers;
  readonly log: Log;
}

/** What one attempt of a job sees. Whatever costs something is made when it is asked for. */
export class JobAttempt implements JobContext {
  readonly #job: QueuedJob;
  readonly #definition: AnyJob;
  readonly #surroundings: Surroundings;
  readonly #hooks: JobHooks;
  #controller: AbortController | undefined;
  #log: Log | undefined;
  #isOver = false;

  constructor(job: QueuedJob, definition: AnyJob, surroundings: Surroundings, hooks: JobHooks) {
    this.#job = job;
    this.#definition = definition;
    this.#surroundings = surroundings;
    this.#hooks = hooks;
  }

  get env(): Env {
    return this.#surroundings.env;
  }

  get providers(): Providers {
    const { providers, breakers } = this.#surroundings;
    return breakers?.guard(providers, this.organizationId) ?? providers;
  }

  get breaker(): CircuitBreaker | null {
    const { provider } = this.#definition;
    return provider === undefined ? null : this.#surroundings.breakers?.get(provider) ?? null;
  }

  get log(): Log {
    return this.#log ??= this.#surroundings.log.with({ jobId: this.#job.job, type: this.#job.type });
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  get jobId(): string {
    return this.#job.job;
  }

  get organizationId(): string | null {
    return this.#job.organization_id === PLATFORM_ID ? null : this.#job.organization_id;
  }

  get attempt(): number {
    return this.#job.attempt;
  }

  get isLastAttempt(): boolean {
    return this.#job.attempt >= maxAttemptsOf(this.#definition, this.#job);
  }

  /** A getter, so that it may be taken out of the context. */
  get progress(): (value: Json) => void {
    return (value) => {
      // Whoever goes on after its end has nothing to say any more.
      if (this.#isOver) return;
      try {
        this.#hooks.onProgress(this.#job, toStorable(value, MAX_PROGRESS_BYTES));
      } catch (error) {
        this.log.warn("jobs.progress_refused", { error });
      }
    };
  }

  /** Aborts the signal, whether or not the job has asked for it yet. */
  abort(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Says that the attempt has ended. */
  over(): void {
    this.#isOver = true;
  }
}

/** How often a job may be begun: as it was enqueued, or less often when its type says so. */
export function maxAttemptsOf(definition: AnyJob | undefined, job: QueuedJob): number {
  return Math.min(job.max_attempts, definition?.maxAttempts ?? Infinity);
}

import type { Json } from "../graph/mod.ts";

/** What a {@linkcode JobError} is made of beside its message. */
export interface JobErrorOptions {
  /** A stable word for programs: `http_error`, `email_refused`. Default `job_failed`. */
  code?: string;
  /** Seconds that the other side asked us to wait: the next attempt comes no earlier. */
  retryAfterSeconds?: number;
  /** Facts for whoever looks at the dead letter, never a secret. */
  details?: Json;
  /** The error underneath, for operators; it is logged and not stored. */
  cause?: unknown;
}

/** A job failed, and another attempt may succeed. The message is stored and shown: it holds no secret. */
export class JobError extends Error {
  /** A stable word for programs. */
  readonly code: string;
  /** Whether another attempt may succeed. */
  readonly retryable: boolean = true;
  /** Seconds to wait at least; null = as the type says. */
  readonly retryAfterSeconds: number | null;
  /** Facts for whoever looks at the dead letter. */
  readonly details: Json | undefined;

  /**
   * @param message A sentence for people.
   * @param options Code, facts and cause.
   */
  constructor(message: string, options: JobErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code ?? "job_failed";
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
    this.details = options.details;
  }
}

/** A job failed, and no further attempt will mend it: it becomes a dead letter at once. */
export class NonRetryable extends JobError {
  override readonly retryable = false;
}

import type { RateAnswer } from "./rate_limit.ts";

/** Options of {@link LocalLimiter}. */
export interface LocalLimiterOptions {
  /** Requests per window. */
  readonly limit: number;
  readonly windowSeconds: number;
  /** How many may come at once. */
  readonly burst: number;
  /** What the bucket is called in the headers. */
  readonly name: string;
  /** Clients that are remembered; the one that came last before all others is forgotten first. */
  readonly maxClients?: number;
}

/**
 * The same algorithm as `private.take_tokens`, in the memory of one isolate: for requests that reach no database, where
 * asking one would be dearer than the request. Each isolate counts for itself.
 */
export class LocalLimiter {
  readonly #options: LocalLimiterOptions;
  readonly #intervalMs: number;
  /** Client → when its bucket is full again, in milliseconds; the one that came last stands last. */
  readonly #fullAt = new Map<string, number>();

  constructor(options: LocalLimiterOptions) {
    this.#options = options;
    this.#intervalMs = options.windowSeconds * 1000 / options.limit;
  }

  /**
   * Takes a token of a client.
   *
   * @param now Milliseconds since 1970.
   */
  take(client: string, now: number): RateAnswer {
    const { burst, name, maxClients = 10_000 } = this.#options;
    const tolerance = this.#intervalMs * burst;
    const before = Math.max(this.#fullAt.get(client) ?? 0, now);
    const allowed = before + this.#intervalMs - now <= tolerance;
    const fullAt = allowed ? before + this.#intervalMs : before;
    this.#fullAt.delete(client);
    this.#fullAt.set(client, fullAt);
    if (this.#fullAt.size > maxClients) this.#fullAt.delete(this.#fullAt.keys().next().value!);
    const remaining = Math.max(0, Math.floor((tolerance - (fullAt - now)) / this.#intervalMs));
    return {
      allowed,
      name,
      limit: burst,
      window_seconds: Math.ceil(tolerance / 1000),
      remaining,
      reset_seconds: Math.ceil((fullAt - now) / 1000),
      retry_after_seconds: allowed ? 0 : Math.max(1, Math.ceil((fullAt + this.#intervalMs - tolerance - now) / 1000)),
      warning: remaining * 5 <= burst,
    };
  }
}

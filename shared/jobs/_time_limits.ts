/** Milliseconds between two looks at the limits, at the least. */
const LEAST_PAUSE_MS = 10;

interface Limit {
  readonly until: number;
  readonly onTimeout: () => void;
}

/** Time limits of many jobs with one timer: it is set for the one that ends first. */
export class TimeLimits {
  readonly #limits = new Set<Limit>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #next = Infinity;

  /**
   * Begins a limit.
   *
   * @param milliseconds How long.
   * @param onTimeout Called once, when the time is up and nobody took the limit back.
   * @returns Takes it back.
   */
  add(milliseconds: number, onTimeout: () => void): () => void {
    const limit = { until: performance.now() + milliseconds, onTimeout };
    this.#limits.add(limit);
    if (limit.until < this.#next) this.#set(limit.until);
    return () => {
      this.#limits.delete(limit);
      if (this.#limits.size === 0) this.close();
    };
  }

  /** Takes the timer back. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#next = Infinity;
  }

  #set(until: number): void {
    clearTimeout(this.#timer);
    this.#next = until;
    this.#timer = setTimeout(() => this.#look(), Math.max(LEAST_PAUSE_MS, until - performance.now()));
  }

  #look(): void {
    this.close();
    const now = performance.now();
    let next = Infinity;
    for (const limit of [...this.#limits]) {
      if (limit.until > now) next = Math.min(next, limit.until);
      else if (this.#limits.delete(limit)) limit.onTimeout();
    }
    // What was called may have begun others, and set the timer for them.
    if (next < this.#next) this.#set(next);
  }
}

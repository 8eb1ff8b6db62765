/**
 * How much a worker does at once, found out by trying: a little more while that costs nothing, a good deal less when
 * something suffers (additive increase, multiplicative decrease).
 *
 * @module
 */

/** Bounds and thresholds of {@linkcode ConcurrencyController}. */
export interface ConcurrencyOptions {
  /** Where it begins. Default 16. */
  initial?: number;
  /** Default 4. */
  min?: number;
  /** Default 256. */
  max?: number;
  /** Milliseconds between decisions. Default 250. */
  periodMs?: number;
  /** Milliseconds that the event loop may be late. Default 50. */
  maxLagMs?: number;
  /** The share of the time that this isolate may be busy. Default 0.85. */
  maxBusy?: number;
  /** How many times as long as usual a call may take. Default 2. */
  maxSlowdown?: number;
}

/** A call that takes so much longer than usual is not slow yet, milliseconds: small figures jump. */
const SLOW_FLOOR_MS = 25;

/** What is left of the limit when something suffers. */
const DECREASE = 0.7;

/** How fast a usual duration follows when calls take longer for good: a part per call. */
const FORGET = 0.02;

/**
 * Decides on a number of things at once. Time and measurements come from outside, so that it can be tested with a clock
 * of the test's own.
 */
export class ConcurrencyController {
  readonly #options: Required<ConcurrencyOptions>;
  /** Milliseconds that a call usually takes, by its kind and the magnitude of its size. */
  readonly #usual = new Map<string, number>();
  #limit: number;
  #decidedAt: number;
  #peak = 0;
  #lag = 0;
  #busyMs = 0;
  #calls = 0;
  #slowCalls = 0;

  /**
   * @param options Bounds and thresholds; a number = that limit, always.
   * @param now The present, milliseconds of any clock that only goes forward.
   */
  constructor(options: ConcurrencyOptions | number, now: number) {
    const bounds = typeof options === "number" ? { initial: options, min: options, max: options } : options;
    const { initial = 16, min = 4, max = 256, periodMs = 250, maxLagMs = 50, maxBusy = 0.85, maxSlowdown = 2 } = bounds;
    this.#options = { initial, min: Math.min(min, max), max, periodMs, maxLagMs, maxBusy, maxSlowdown };
    this.#limit = Math.max(this.#options.min, Math.min(initial, max));
    this.#decidedAt = now;
  }

  /** Things at once. */
  get limit(): number {
    return this.#limit;
  }

  /** Takes note of how many things run: the limit grows only where it was in the way. */
  observeRunning(running: number): void {
    this.#peak = Math.max(this.#peak, running);
  }

  /** Takes note of how late the event loop was, and how long it had been busy for that, milliseconds. */
  observeLoop(lagMs: number, busyMs: number): void {
    this.#lag = Math.max(this.#lag, lagMs);
    this.#busyMs += busyMs;
  }

  /** Takes note of a call to Postgres: its kind, for how many things, how long it took. */
  observeCall(kind: string, size: number, durationMs: number): void {
    const key = `${kind}:${Math.ceil(Math.log2(Math.max(1, size)))}`;
    const usual = this.#usual.get(key) ?? durationMs;
    this.#calls++;
    if (durationMs > usual * this.#options.maxSlowdown && durationMs > usual + SLOW_FLOOR_MS) this.#slowCalls++;
    this.#usual.set(key, Math.min(durationMs, usual + (durationMs - usual) * FORGET));
  }

  /** Decides anew when a period is over. */
  decide(now: number): number {
    const elapsed = now - this.#decidedAt;
    const { periodMs, maxLagMs, maxBusy, min, max } = this.#options;
    if (elapsed < periodMs) return this.#limit;
    const suffers = this.#lag > maxLagMs || this.#busyMs / elapsed > maxBusy ||
      (this.#calls > 0 && this.#slowCalls * 2 > this.#calls);
    if (suffers) this.#limit = Math.max(min, Math.floor(this.#limit * DECREASE));
    else if (this.#peak >= this.#limit) this.#limit = Math.min(max, this.#limit + Math.max(2, this.#limit >> 3));
    this.#decidedAt = now;
    this.#peak =
      this.#lag =
      this.#busyMs =
      this.#calls =
      this.#slowCalls =
        0;
    return this.#limit;
  }
}

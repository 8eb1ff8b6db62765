/**
 * How much CPU time this isolate uses, as far as it can know. The platform ends an isolate that has used two seconds for
 * a request, and tells nobody how much that is: in an edge function (Deno 2.1.4) `process.cpuUsage` is not implemented,
 * `eventLoopUtilization` gives zeros, and `/proc` is out of reach.
 *
 * So two estimates are made, and the greater one counts: the time for which the event loop was held up, seen from a timer
 * that comes too late; and the sum of what the worker's own doings cost, of which the synchronous part is measured and
 * the rest is reckoned by pieces, calls and bytes with costs that were measured once.
 *
 * @module
 */

/** What is reckoned, milliseconds. `deno task bench worker` compares it with what the process measures. */
export const CPU_COSTS = {
  /** A call to Postgres, besides what it carries. */
  call: 0.35,
  /** A token: its walk, its checkpoint. */
  token: 0.25,
  /** A job, besides its own work. */
  job: 0.002,
  /** A byte of payload or result: parsed and written as JSON. */
  byte: 0.000_005,
} as const;

/** Milliseconds between two looks at the event loop. */
const LOOK_MS = 20;

/** A timer is never quite in time. */
const GRAIN_MS = 1.5;

/** Options of {@linkcode CpuMeter}. */
export interface CpuMeterOptions {
  /** Told at each look how late it was, and how busy the isolate has been since the last one, milliseconds. */
  onLook?(lagMs: number, busyMs: number): void;
}

/** Adds up the CPU time of this isolate while it runs. */
export class CpuMeter {
  readonly #options: CpuMeterOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #expected = 0;
  #heldUp = 0;
  #accounted = 0;
  #seen = 0;

  /** @param options Who is told. */
  constructor(options: CpuMeterOptions = {}) {
    this.#options = options;
  }

  /** Milliseconds used since it began. */
  get usedMs(): number {
    return Math.max(this.#heldUp, this.#accounted);
  }

  /** Adds what something cost, milliseconds. */
  add(milliseconds: number): void {
    this.#accounted += milliseconds;
  }

  /** Begins to look at the event loop; does nothing when it does already. */
  start(): void {
    if (this.#timer === undefined) this.#wait();
  }

  /** Stops looking. What was used stays. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    this.#expected = performance.now() + LOOK_MS;
    const timer: ReturnType<typeof setTimeout> = setTimeout(() => {
      // Under Deno 2.1 a timer that was due while the event loop was held up may fire though it has been cleared.
      if (timer !== this.#timer) return;
      const late = performance.now() - this.#expected;
      if (late > GRAIN_MS) this.#heldUp += late;
      const used = this.usedMs;
      this.#options.onLook?.(late, used - this.#seen);
      this.#seen = used;
      this.#wait();
    }, LOOK_MS);
    this.#timer = timer;
  }
}

import { ConcurrencyController, type ConcurrencyOptions } from "./concurrency.ts";
import { CPU_COSTS, CpuMeter } from "./cpu_meter.ts";

/** What a worker measures of itself, and what follows from it. */
export class Gauges {
  readonly meter: CpuMeter;
  readonly #controller: ConcurrencyController;
  #cpuBudgetMs = Infinity;

  /** @param concurrency Bounds, or a fixed number. */
  constructor(concurrency: number | ConcurrencyOptions = {}) {
    this.#controller = new ConcurrencyController(concurrency, performance.now());
    this.meter = new CpuMeter({ onLook: (lag, busy) => this.#controller.observeLoop(lag, busy) });
  }

  /** Things at once, at present. */
  get limit(): number {
    return this.#controller.limit;
  }

  /** Whether the CPU time is used up. */
  get isSpent(): boolean {
    return this.meter.usedMs >= this.#cpuBudgetMs;
  }

  /** Begins to measure; from `cpuBudgetMs` milliseconds of CPU time on it is spent. */
  start(cpuBudgetMs: number): void {
    this.#cpuBudgetMs = cpuBudgetMs;
    this.meter.start();
  }

  /** Decides anew how many things may be done at once. */
  decide(now: number): number {
    return this.#controller.decide(now);
  }

  /** Takes note of how many things run. */
  running(count: number): void {
    this.#controller.observeRunning(count);
  }

  /** Takes note of a call to Postgres. */
  called(kind: string, size: number, durationMs: number): void {
    this.meter.add(CPU_COSTS.call);
    this.#controller.observeCall(kind, size, durationMs);
  }

  /** Takes note of bytes that were read. */
  read(bytes: number): void {
    this.meter.add(bytes * CPU_COSTS.byte);
  }
}

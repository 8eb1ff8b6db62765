import { EngineClient, type EngineTransport } from "./client.ts";
import type { JobResult, RunEnd, SettleReply } from "./types.ts";

/** Milliseconds between two looks at a run that works elsewhere, or rests. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 1_000;

/**
 * An engine client that knows when a run may have ended: when one of its tokens was consumed by this isolate. So who
 * waits for a run that is run here asks Postgres once, at the right moment, and does not poll.
 */
export class WatchingClient extends EngineClient {
  readonly #watchers = new Map<string, Set<() => void>>();

  /** @param transport What carries the calls. */
  constructor(transport: EngineTransport) {
    super(transport);
  }

  /** As in {@linkcode EngineClient}; then wakes those who wait for the runs. */
  override async settleJobs(workerId: string, results: JobResult[]): Promise<SettleReply> {
    const reply = await super.settleJobs(workerId, results);
    if (this.#watchers.size === 0) return reply;
    for (const { job, move, hold } of results) {
      if (move === undefined && hold === undefined) this.#watchers.get(job.run_id)?.forEach((wake) => wake());
    }
    return reply;
  }

  /**
   * Waits until a run has ended.
   *
   * @param runId The run. Call this in the same turn in which its first token came, or its end here is noticed late.
   * @param seconds How long.
   * @param signal Gives up early.
   * @returns How it ended; null when it has not.
   */
  async waitForEnd(runId: string, seconds: number, signal: AbortSignal): Promise<RunEnd | null> {
    const until = performance.now() + seconds * 1_000;
    for (let ms = FIRST_PAUSE_MS;; ms = Math.min(ms * 1.5, LONGEST_PAUSE_MS)) {
      const left = until - performance.now();
      if (left <= 0 || signal.aborted) return null;
      await this.#mayHaveEnded(runId, Math.min(ms, left), signal);
      const end = await this.getRunEnd(runId);
      if (end !== null) return end;
    }
  }

  /** Resolves when a token of the run was consumed here, or after `ms` milliseconds. */
  async #mayHaveEnded(runId: string, ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const watchers = this.#watchers.get(runId) ?? new Set();
    this.#watchers.set(runId, watchers.add(resolve));
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
    watchers.delete(resolve);
    if (watchers.size === 0) this.#watchers.delete(runId);
  }
}

import type { Claim } from "./read_claim.ts";
import type { QueuedJob } from "./job_types.ts";
import type { Job } from "./types.ts";

/** Work that is claimed and has not begun, in the order of its claim. */
export class Backlog {
  #work: (Job | QueuedJob)[] = [];
  #next = 0;

  /** How much there is. */
  get size(): number {
    return this.#work.length - this.#next;
  }

  /** Adds what a claim brought, tokens first: somebody may be waiting for a run. */
  add({ tokens, jobs }: Claim): void {
    if (this.size === 0) {
      this.#work = [];
      this.#next = 0;
    }
    for (const token of tokens) this.#work.push(token);
    for (const job of jobs) this.#work.push(job);
  }

  /**
   * Takes the next piece.
   *
   * @throws {RangeError} There is none.
   */
  take(): Job | QueuedJob {
    const work = this.#work[this.#next++];
    if (work === undefined) throw new RangeError("There is no work left");
    return work;
  }
}

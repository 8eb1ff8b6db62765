import type { Json } from "../graph/mod.ts";
import type { Claim } from "./read_claim.ts";
import type { QueuedJob } from "./job_types.ts";
import type { Job } from "./types.ts";

/** Bytes of a piece of work from which on they are counted; smaller ones count as so many. */
const SMALL_BYTES = 4_000;

/** How many bytes the work in hand takes, roughly. */
export class Load {
  /** Bytes of the large pieces, by id. */
  readonly #large = new Map<string, number>();
  #largeBytes = 0;

  /** Takes note of what a claim brought; gives its bytes. */
  add({ tokens, jobs }: Claim): number {
    let sum = 0;
    for (const token of tokens) sum += this.#count(token.job, bytesOfToken(token));
    for (const job of jobs) sum += this.#count(job.job, roughBytes(job.payload));
    return sum;
  }

  /** Takes note that a piece of work has ended. */
  end(id: string): void {
    const bytes = this.#large.size === 0 ? undefined : this.#large.get(id);
    if (bytes === undefined) return;
    this.#large.delete(id);
    this.#largeBytes -= bytes;
  }

  /** The bytes of `count` pieces, the large ones among them. */
  bytes(count: number): number {
    return count * SMALL_BYTES + this.#largeBytes;
  }

  #count(id: string, bytes: number): number {
    if (bytes > SMALL_BYTES) {
      this.#large.set(id, bytes);
      this.#largeBytes += bytes;
    }
    return bytes;
  }
}

function bytesOfToken({ input, outputs, payload, items, recorded, outputs_all, undo }: Job): number {
  return [input, outputs, payload, items, recorded, outputs_all, undo].reduce<number>(
    (sum, part) => sum + roughBytes(part),
    0,
  );
}

/** Roughly the bytes of a JSON value in memory, without writing it down. */
function roughBytes(value: unknown): number {
  if (typeof value === "string") return value.length * 2;
  if (typeof value !== "object" || value === null) return 8;
  let sum = 16;
  if (Array.isArray(value)) {
    for (const entry of value) sum += roughBytes(entry);
    return sum;
  }
  for (const key in value) sum += 16 + key.length + roughBytes((value as { [key: string]: Json })[key]);
  return sum;
}

/** Whether a piece of work is a job: it names a lease. */
export function isQueuedJob(work: Job | QueuedJob): work is QueuedJob {
  return "lease" in work;
}

import type { JobSettlement, QueuedJob } from "./job_types.ts";

/** Results that are written by one call. */
export interface ResultBatch {
  readonly results: JobSettlement[];
  /** Characters of JSON, roughly. */
  readonly characters: number;
}

/** Most that one call takes. */
export interface BatchLimits {
  readonly results: number;
  readonly characters: number;
}

/** Results of one lease that are not on their way. */
interface Group {
  results: JobSettlement[];
  sizes: number[];
  /** When the first one came. */
  since: number;
}

/** Milliseconds that results wait for the rest of their lease. */
const HOLD_MS = 25;

/**
 * What became of jobs, by the lease that they are in. To finish a part of a lease, Postgres writes the rest of it anew; a
 * whole one is a row that goes. So results wait a moment for the others of their lease, and two calls never name the
 * same one: the second would wait for the first.
 */
export class LeaseResults {
  readonly #groups = new Map<string, Group>();
  /** How many jobs each lease holds that are not written, as far as we know. */
  readonly #open = new Map<string, number>();
  readonly #underWay = new Set<string>();
  #size = 0;

  /** Results that are not on their way. */
  get size(): number {
    return this.#size;
  }

  /** Takes note of jobs that are leased to the worker. */
  expect(jobs: readonly QueuedJob[]): void {
    for (const { lease } of jobs) this.#open.set(lease, this.openOf(lease) + 1);
  }

  /** How many jobs a lease holds that are not written, as far as we know. */
  openOf(lease: string): number {
    return this.#open.get(lease) ?? 0;
  }

  /** Jobs of a lease are written. */
  leave(lease: string, count: number): void {
    const rest = this.openOf(lease) - count;
    if (rest > 0) this.#open.set(lease, rest);
    else this.#open.delete(lease);
  }

  /** Takes a result of so many characters. */
  add(result: JobSettlement, characters: number, now: number): void {
    let group = this.#groups.get(result.lease);
    if (group === undefined) {
      group = { results: [], sizes: [], since: now };
      this.#groups.set(result.lease, group);
    }
    group.results.push(result);
    group.sizes.push(characters);
    this.#size++;
  }

  /** Milliseconds until some may be written; null = those that wait, wait for a call to end. */
  wait(now: number): number | null {
    let soonest: number | null = null;
    for (const [lease, group] of this.#groups) {
      if (this.#underWay.has(lease)) continue;
      const wait = this.#isWhole(lease, group) ? 0 : Math.max(0, group.since + HOLD_MS - now);
      if (wait === 0) return 0;
      soonest = Math.min(soonest ?? wait, wait);
    }
    return soonest;
  }

  /** Takes what may be written now, the oldest first; their leases are under way until `release`. */
  take(limits: BatchLimits, now: number): ResultBatch {
    const results: JobSettlement[] = [];
    let characters = 0;
    for (const [lease, group] of this.#groups) {
      if (this.#underWay.has(lease)) continue;
      if (!this.#isWhole(lease, group) && group.since + HOLD_MS > now) continue;
      let count = 0;
      for (const size of group.sizes) {
        const isFull = results.length + count >= limits.results || characters + size > limits.characters;
        if (isFull && results.length + count > 0) break;
        characters += size;
        count++;
      }
      if (count === 0) break;
      group.sizes.splice(0, count);
      for (const result of group.results.splice(0, count)) results.push(result);
      this.#underWay.add(lease);
      if (group.results.length > 0) break;
      this.#groups.delete(lease);
    }
    this.#size -= results.length;
    return { results, characters };
  }

  /** A call has ended: what is left of its leases may be written. */
  release({ results }: ResultBatch): void {
    for (const { lease } of results) this.#underWay.delete(lease);
  }

  #isWhole(lease: string, { results }: Group): boolean {
    return results.length >= this.openOf(lease);
  }
}

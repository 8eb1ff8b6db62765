/**
 * When a worker claims, and how much: enough to be busy until the next claim, and no more, since what it holds nobody
 * else can do.
 *
 * @module
 */

/** Options of {@linkcode ClaimPace}. */
export interface ClaimPaceOptions {
  /** Milliseconds between claims while there is nothing to do. */
  pollMs: number;
  /** Most pieces of work that are claimed at once. */
  batch: number;
  /** Bytes of payloads and outputs that a worker may hold. */
  maxBytes: number;
}

/** What a worker has in hand. */
export interface InHand {
  /** Things at once, as the controller has it. */
  limit: number;
  running: number;
  /** Claimed, and not begun. */
  backlog: number;
  /** Ended, and not written. */
  unwritten: number;
  /** Bytes of all that. */
  bytes: number;
}

/** Work for so many milliseconds is claimed ahead. */
const AHEAD_MS = 100;

/** Milliseconds over which a rate is measured, at the least; the first time after a rest. */
const WINDOW_MS = 20;
const FIRST_WINDOW_MS = 4;

/** Batches that may wait to be written before no more is claimed. */
const MAX_UNWRITTEN_BATCHES = 4;

/** Milliseconds that a worker who was told of work and found none leaves to the others; doubled each time. */
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 100;

/** Decides when to claim. Time comes from outside. */
export class ClaimPace {
  readonly #options: ClaimPaceOptions;
  #pollMs: number;
  /** The moment before which a claim is not worth its call. */
  #next = 0;
  /** Pieces of work a millisecond. */
  #rate = 0;
  #ended = 0;
  #windowFrom: number;
  /** Whether there has been nothing to do, so that the rate says nothing of what comes now. */
  #hasRested = true;
  /** Bytes of a piece of work, on the average. */
  #bytesEach = 0;
  #pause = 0;
  #lastMiss = -Infinity;
  /** Whether there was news since the last claim began: it may have been made too early to see the work. */
  #hasNews = false;
  /** Whether somebody said so, before the claim that is under way and since. */
  #wasTold = false;
  #isTold = false;

  constructor(options: ClaimPaceOptions, now: number) {
    this.#options = options;
    this.#pollMs = options.pollMs;
    this.#windowFrom = now;
  }

  /** Polls at another pace: there are other news of work. */
  poll(pollMs: number): void {
    this.#pollMs = pollMs;
  }

  /** How many to claim now; 0 = not yet. */
  wanted({ limit, running, backlog, unwritten, bytes }: InHand, now: number): number {
    const { batch, maxBytes } = this.#options;
    if (now < this.#next || bytes >= maxBytes || unwritten > batch * MAX_UNWRITTEN_BATCHES) return 0;
    const room = limit + Math.floor(Math.min(this.#rate * AHEAD_MS, batch));
    const free = Math.min(room - running - backlog, batch);
    // A claim for each piece that ends would cost more than the work: wait until there is room for several.
    if (free * 4 < Math.min(room, batch)) return 0;
    const fits = this.#bytesEach > 0 ? Math.max(1, Math.floor((maxBytes - bytes) / this.#bytesEach)) : free;
    return Math.min(free, fits);
  }

  /** Milliseconds until a claim is due. */
  wait(now: number): number {
    return Math.max(1, this.#next - now);
  }

  /** A claim begins. */
  claiming(): void {
    this.#hasNews = false;
    this.#wasTold = this.#isTold;
    this.#isTold = false;
  }

  /** Takes note of a claim: how many it was for, how many it found, their bytes. */
  claimed(wanted: number, found: number, bytes: number, now: number): void {
    this.#next = found >= wanted ? 0 : now + (this.#hasNews ? this.#pause : this.#pollMs);
    if (found === 0) {
      // Who only looked whether there is more has not taken a turn in vain.
      if (this.#wasTold) this.#lastMiss = now;
      this.#hasRested = true;
      return;
    }
    if (this.#hasRested && this.#ended === 0) this.#windowFrom = now;
    this.#pause = 0;
    this.#bytesEach += (bytes / found - this.#bytesEach) / 4;
  }

  /** Takes note of work that has ended. */
  ended(count: number, now: number): void {
    this.#ended += count;
    const elapsed = now - this.#windowFrom;
    if (elapsed < (this.#hasRested ? FIRST_WINDOW_MS : WINDOW_MS)) return;
    const rate = this.#ended / elapsed;
    this.#rate = this.#hasRested || elapsed > 1_000 ? rate : this.#rate + (rate - this.#rate) / 2;
    this.#hasRested = false;
    this.#ended = 0;
    this.#windowFrom = now;
  }

  /** Claims as soon as there is room: there is more to do than was known. */
  hurry(): void {
    this.#hasNews = true;
    this.#next = 0;
  }

  /**
   * Takes note of the news that there is work. Whoever was told and found nothing leaves the next ones to others for a
   * moment: of many idle workers few ask for each new job, and none of them is late by more than a tenth of a second.
   */
  notified(now: number): void {
    const isMiss = now - this.#lastMiss < LONGEST_PAUSE_MS * 2;
    this.#isTold = true;
    this.#pause = isMiss ? Math.min(Math.max(FIRST_PAUSE_MS, this.#pause * 2), LONGEST_PAUSE_MS) : 0;
    this.#hasNews = true;
    this.#next = Math.min(this.#next, now + this.#pause);
  }
}

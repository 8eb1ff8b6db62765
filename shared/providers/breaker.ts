/**
 * Circuit breakers: a service that fails most of the time is left alone for a while, so that work waits for it instead of
 * failing at it, and it can recover.
 *
 * closed (calls go through) → open (none does) when enough calls of the last half minute failed, or the service itself
 * asked for a pause → half open (one call tries) when the time is up → closed, or open for longer.
 *
 * @module
 */
import { NodeError } from "./node_error.ts";

/** What a call says of the service: `neutral` says nothing (it was never sent, or its caller gave up). */
export type CallVerdict = "success" | "failure" | "neutral" | { pauseSeconds: number };

/** A breaker's state. */
export type BreakerState = "closed" | "open" | "half_open";

/** When a breaker opens, and for how long. */
export interface BreakerOptions {
  /** Milliseconds that count. Default 30,000. */
  windowMs?: number;
  /** Calls in that time below which nothing is concluded. Default 10. */
  minCalls?: number;
  /** The share of failures from which on it opens. Default 0.5. */
  failureRate?: number;
  /** Milliseconds that it is open the first time, and doubled each time after. Default 5,000. */
  openMs?: number;
  /** Milliseconds that it is open at most. Default 300,000. */
  maxOpenMs?: number;
}

/** A breaker as others see it. */
export interface BreakerFacts {
  /** `email:resend`, `http:<organization>:<host>`. */
  key: string;
  state: BreakerState;
  /** Milliseconds until a call may try. */
  openMs: number;
  /** Calls and failures of the last half minute when it opened. */
  calls: number;
  failures: number;
}

/** What a breaker needs of its surroundings. */
export interface BreakerSurroundings {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** Chance in [0, 1), so that those who left a service alone do not come back together. */
  random(): number;
  /** Told of every change of the state. */
  onChange(facts: BreakerFacts): void;
}

/** The window is counted in so many parts. */
const PARTS = 6;

/** What is added to the time at the most, a part of it. */
const JITTER = 0.25;

/** The breaker of one service. */
export class CircuitBreaker {
  /** Which service. */
  readonly key: string;
  readonly #options: Required<BreakerOptions>;
  readonly #surroundings: BreakerSurroundings;
  readonly #parts = Array.from({ length: PARTS }, () => ({ number: -1, calls: 0, failures: 0 }));
  #state: BreakerState = "closed";
  #openUntil = 0;
  /** How often in a row it opened. */
  #openings = 0;
  #closedAt = -Infinity;
  #isProbing = false;
  #seen = { calls: 0, failures: 0 };

  constructor(key: string, surroundings: BreakerSurroundings, options: BreakerOptions = {}) {
    this.key = key;
    this.#surroundings = surroundings;
    const { windowMs = 30_000, minCalls = 10, failureRate = 0.5, openMs = 5_000, maxOpenMs = 300_000 } = options;
    this.#options = { windowMs, minCalls, failureRate, openMs, maxOpenMs };
  }

  /** How it is now. */
  get facts(): BreakerFacts {
    return { key: this.key, state: this.#state, openMs: this.waitMs, ...this.#seen };
  }

  /** Milliseconds until a call may try; 0 = it may now. */
  get waitMs(): number {
    if (this.#state === "closed") return 0;
    const left = Math.max(0, this.#openUntil - this.#surroundings.now());
    // Somebody tries at this moment: it will be known soon.
    return left === 0 && this.#isProbing ? 1_000 : left;
  }

  /**
   * Makes a call, if the service is not left alone at the moment.
   *
   * @param work Makes it.
   * @param judge What its result says of the service; every result speaks for it unless said otherwise.
   * @param judgeError What its failure says; every one speaks against it unless said otherwise.
   * @throws {NodeError} `provider_unavailable`: nothing was sent. `retryAfterSeconds` says when to come back.
   */
  async run<T>(
    work: () => Promise<T>,
    judge: (result: T) => CallVerdict = () => "success",
    judgeError: (error: unknown) => CallVerdict = () => "failure",
  ): Promise<T> {
    const isProbe = this.#admit();
    let verdict: CallVerdict = "neutral";
    try {
      const result = await work();
      verdict = judge(result);
      return result;
    } catch (error) {
      verdict = judgeError(error);
      throw error;
    } finally {
      if (isProbe) this.#isProbing = false;
      this.#record(verdict, isProbe);
    }
  }

  /** Learns from somebody else that the service is down for so many milliseconds. */
  learn(openMs: number): void {
    if (this.#state === "closed" && openMs > 0) this.#open(Math.min(openMs, this.#options.maxOpenMs), true);
  }

  /** Lets a call through; true = it is the one that tries. */
  #admit(): boolean {
    if (this.#state === "closed") return false;
    const waitMs = this.waitMs;
    if (waitMs > 0) {
      throw new NodeError(`${nameOf(this.key)} is not available at the moment`, {
        code: "provider_unavailable",
        retryable: true,
        retryAfterSeconds: Math.ceil(waitMs / 1_000),
        details: { provider: nameOf(this.key), retry_after_seconds: Math.ceil(waitMs / 1_000) },
      });
    }
    this.#isProbing = true;
    if (this.#state === "open") this.#change("half_open");
    return true;
  }

  #record(verdict: CallVerdict, isProbe: boolean): void {
    if (verdict === "neutral") return;
    if (typeof verdict === "object") {
      this.#pause(verdict.pauseSeconds * 1_000);
      return;
    }
    const failed = verdict === "failure";
    if (isProbe) {
      if (failed) this.#openLonger();
      else this.#close();
      return;
    }
    // An answer to a call from before it opened changes nothing.
    if (this.#state !== "closed") return;
    const { calls, failures } = this.#count(failed);
    const { minCalls, failureRate } = this.#options;
    if (!failed || calls < minCalls || failures < calls * failureRate) return;
    this.#seen = { calls, failures };
    this.#openLonger();
  }

  /** Counts a call; gives those of the window. */
  #count(failed: boolean): { calls: number; failures: number } {
    const number = Math.floor(this.#surroundings.now() / (this.#options.windowMs / PARTS));
    const part = this.#parts[number % PARTS];
    if (part === undefined) return { calls: 0, failures: 0 };
    if (part.number !== number) Object.assign(part, { number, calls: 0, failures: 0 });
    part.calls++;
    if (failed) part.failures++;
    const sum = { calls: 0, failures: 0 };
    for (const each of this.#parts) {
      if (each.number <= number - PARTS) continue;
      sum.calls += each.calls;
      sum.failures += each.failures;
    }
    return sum;
  }

  /** The service asked for a pause. */
  #pause(milliseconds: number): void {
    const until = Math.min(milliseconds, this.#options.maxOpenMs);
    if (until > this.waitMs) this.#open(until, false);
  }

  #openLonger(): void {
    const { openMs, maxOpenMs, windowMs } = this.#options;
    // One that has just closed and opens again was closed too early.
    const isAgain = this.#surroundings.now() - this.#closedAt < windowMs || this.#state === "half_open";
    this.#openings = isAgain ? this.#openings + 1 : 1;
    this.#open(Math.min(openMs * 2 ** Math.min(this.#openings - 1, 20), maxOpenMs), true);
  }

  #open(milliseconds: number, withJitter: boolean): void {
    const jitter = withJitter ? 1 + this.#surroundings.random() * JITTER : 1;
    this.#openUntil = this.#surroundings.now() + milliseconds * jitter;
    this.#change("open");
  }

  #close(): void {
    this.#closedAt = this.#surroundings.now();
    for (const part of this.#parts) Object.assign(part, { number: -1, calls: 0, failures: 0 });
    this.#seen = { calls: 0, failures: 0 };
    this.#change("closed");
  }

  #change(state: BreakerState): void {
    this.#state = state;
    this.#surroundings.onChange(this.facts);
  }
}

/** What people know a service by: without the organization that has a breaker of its own. */
function nameOf(key: string): string {
  const [kind = key, ...rest] = key.split(":");
  return kind === "http" ? rest.slice(1).join(":") : rest.join(":") || kind;
}

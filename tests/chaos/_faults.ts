/**
 * Named fault points: what carries the engine's calls, and what carries the effects of nodes, does something at the n-th
 * call. Nothing of it is in the code that is deployed.
 *
 * @module
 */
import type { EngineFunction, EngineTransport } from "../../shared/engine/mod.ts";
import type { Providers } from "../../shared/providers/mod.ts";

/** Where the fault is. */
export interface FaultPoint {
  /** A function of the engine, or an effect of a node. */
  name: EngineFunction | "effect";
  /** Which call of it, from 1. */
  nth: number;
  /**
   * `before` it is sent; `during`: it is sent, and Postgres may or may not have begun; `after` the answer has come, while
   * the engine has not seen it.
   */
  when: "before" | "during" | "after";
}

/** How often each function was called. */
export type CallCounts = Partial<Record<FaultPoint["name"], number>>;

/** The points at which a worker is killed, by the names that docs/chaos.md gives them. */
export const KILL_POINTS: Readonly<Record<string, Omit<FaultPoint, "nth">>> = {
  "claim sent": { name: "claim_jobs", when: "during" },
  "claim answered": { name: "claim_jobs", when: "after" },
  "plans loaded": { name: "load_plans", when: "after" },
  "before the effect": { name: "effect", when: "before" },
  "in the effect": { name: "effect", when: "during" },
  "after the effect, before the settle": { name: "effect", when: "after" },
  "before the settle": { name: "settle_jobs", when: "before" },
  "settle sent": { name: "settle_jobs", when: "during" },
  "settle answered": { name: "settle_jobs", when: "after" },
  "before the finish of jobs": { name: "finish_jobs", when: "before" },
  "finish of jobs sent": { name: "finish_jobs", when: "during" },
  "finish of jobs answered": { name: "finish_jobs", when: "after" },
  "heartbeat sent": { name: "heartbeat", when: "during" },
  "heartbeat answered": { name: "heartbeat", when: "after" },
  "before the release": { name: "release_worker", when: "before" },
  "release sent": { name: "release_worker", when: "during" },
  "release answered": { name: "release_worker", when: "after" },
};

/** Longest time between sending a call and the fault in the middle of it, milliseconds. */
const DURING_MS = 4;

/** Does something at a fault point. */
export class FaultGate {
  readonly counts: CallCounts;
  readonly #point: FaultPoint | null;
  readonly #strike: () => void;

  /**
   * @param point Where `strike` is called; null = nowhere.
   * @param strike What happens there; what it throws is what the caller gets.
   * @param counts Is counted up.
   */
  constructor(point: FaultPoint | null, strike: () => void, counts: CallCounts = {}) {
    this.#point = point;
    this.#strike = strike;
    this.counts = counts;
  }

  /** Makes a call, and the fault when this is its place. */
  async pass<T>(name: FaultPoint["name"], call: () => Promise<T>): Promise<T> {
    const nth = this.counts[name] = (this.counts[name] ?? 0) + 1;
    const when = this.#point?.name === name && this.#point.nth === nth ? this.#point.when : null;
    if (when === "before") this.#strike();
    const answer = call();
    if (when === "during") {
      answer.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, Math.random() * DURING_MS));
      this.#strike();
    }
    const reply = await answer;
    if (when === "after") this.#strike();
    return reply;
  }
}

/** Wraps a transport: see {@linkcode FaultGate}. */
export function withFault(
  inner: EngineTransport,
  point: FaultPoint | null,
  strike: () => void,
  counts: CallCounts = {},
): EngineTransport {
  return gated(inner, new FaultGate(point, strike, counts));
}

/** A transport whose calls pass a gate. */
export function gated(inner: EngineTransport, gate: FaultGate): EngineTransport {
  return { ...inner, call: (name, args) => gate.pass(name, () => inner.call(name, args)) };
}

/** Providers whose requests pass a gate. */
export function gatedProviders(providers: Providers, gate: FaultGate): Providers {
  return {
    ...providers,
    http: { request: (request) => gate.pass("effect", () => providers.http.request(request)) },
  };
}

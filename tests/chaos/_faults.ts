/**
 * Named fault points: a transport that does something at the n-th call of an engine function, before Postgres hears of
 * it or after it has answered. Nothing of it is in the code that is deployed.
 *
 * @module
 */
import type { EngineFunction, EngineTransport } from "../../shared/engine/mod.ts";

/** Where the fault is. */
export interface FaultPoint {
  name: EngineFunction;
  /** Which call of it, from 1. */
  nth: number;
  when: "before" | "after";
}

/** How often each function was called. */
export type CallCounts = Partial<Record<EngineFunction, number>>;

/**
 * Wraps a transport.
 *
 * @param point Where `strike` is called; null = nowhere.
 * @param strike What happens there; what it throws is what the caller gets.
 * @param counts Is counted up.
 */
export function withFault(
  inner: EngineTransport,
  point: FaultPoint | null,
  strike: () => void,
  counts: CallCounts = {},
): EngineTransport {
  return {
    async call(name, args) {
      const nth = counts[name] = (counts[name] ?? 0) + 1;
      const isHere = point?.name === name && point.nth === nth;
      if (isHere && point.when === "before") strike();
      const reply = await inner.call(name, args);
      if (isHere && point.when === "after") strike();
      return reply;
    },
    close: () => inner.close(),
  };
}

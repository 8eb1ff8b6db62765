/**
 * What every system is asked to do. A request is the same for all of them: a JSON event, signed with an HMAC.
 *
 * @module
 */
import { toHex } from "../../../shared/bytes/mod.ts";

/** `s1` one step, `s2` a chain of ten, `s3` a choice, `s4` a hundred items, `s5` a burst, `s6` effects and a crash. */
export type ScenarioId = "s1" | "s2" | "s3" | "s4" | "s5" | "s6";

/** A scenario whose request is answered when its run has ended. */
export interface AnsweredScenario {
  readonly id: "s1" | "s2" | "s3" | "s4";
  readonly title: string;
  /** Steps (S4: items) of a run, for a rate by steps. */
  readonly steps: number;
  /** What the rate counts. */
  readonly unit: "runs" | "steps" | "items";
  /** What the run has to give for an event. */
  expect(event: BenchEvent): unknown;
}

/** The body of a request. */
export interface BenchEvent {
  /** The sender's id: the same event twice starts one run. */
  readonly id: string;
  readonly amount: number;
  /** The items of S4. */
  readonly list?: readonly number[];
}

/** Steps of the chains of S2 and S6. */
export const CHAIN = 10;

/** Items of S4. */
export const ITEMS = 100;

/** The secret with which events are signed; it protects nothing. */
export const SECRET = "flows-benchmark-secret";

/** The header that carries the signature: hex of HMAC-SHA-256 over the body. */
export const SIGNATURE_HEADER = "x-signature";

/** S1 to S4. */
export const ANSWERED: readonly AnsweredScenario[] = [
  {
    id: "s1",
    title: "webhook → one set node → answer",
    steps: 1,
    unit: "runs",
    expect: ({ amount }) => ({ n: 1, from: amount }),
  },
  {
    id: "s2",
    title: "chain of 10 set nodes",
    steps: CHAIN,
    unit: "steps",
    expect: ({ amount }) => ({ n: amount + CHAIN }),
  },
  {
    id: "s3",
    title: "set → if → one of two branches → merge → set",
    steps: 3,
    unit: "steps",
    expect: ({ amount }) => ({ n: amount + (amount > 50 ? 111 : 101) }),
  },
  {
    id: "s4",
    title: "100 items, a set node each, then aggregate",
    steps: ITEMS,
    unit: "items",
    expect: ({ list = [] }) => ({ count: list.length, total: list.reduce((sum, n) => sum + n * 2, 0) }),
  },
];

/** A new event for a scenario. */
export function newEvent(scenario: ScenarioId): BenchEvent {
  const event = { id: crypto.randomUUID(), amount: Math.floor(Math.random() * 100) };
  return scenario === "s4" ? { ...event, list: Array.from({ length: ITEMS }, (_, index) => index) } : event;
}

let key: Promise<CryptoKey> | undefined;

/** An event as it is sent. */
export interface SignedEvent {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** Signs an event. */
export async function signEvent(event: BenchEvent): Promise<SignedEvent> {
  const encoder = new TextEncoder();
  key ??= crypto.subtle.importKey("raw", encoder.encode(SECRET), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const body = JSON.stringify(event);
  const mac = await crypto.subtle.sign("HMAC", await key, encoder.encode(body));
  return {
    body,
    headers: { "content-type": "application/json", [SIGNATURE_HEADER]: toHex(new Uint8Array(mac)) },
  };
}

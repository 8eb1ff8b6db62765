/**
 * The flow that the scenarios run, and what must have come of each run.
 *
 * @module
 */
import type { Graph } from "../../shared/graph/mod.ts";
import { draw, post, set } from "../helpers/flows.ts";
import type { Work } from "./_work.ts";

/** Items of each order. */
const ITEMS = ["a", "b", "c"];

/** Runs of the flow that may go on at once: the others wait for a place. */
const AT_ONCE = 25;

/**
 * An order: paid, then packed item by item in a region while a letter is sent that must not be sent twice; both meet; after
 * a rest, and not before it is due, it is shipped. Every effect carries the key `run:node` or `run:node:scope`.
 *
 * @param ledgerPort Where the ledger listens.
 */
function orderGraph(ledgerPort: number): Graph {
  const url = `http://127.0.0.1:${ledgerPort}`;
  const retry = { maxAttempts: 5, backoff: "fixed" as const, delaySeconds: 0, jitter: false };
  const graph = draw(
    {
      t: ["trigger.manual"],
      prep: set({ order: "{{ trigger.order }}" }),
      pay: post(`${url}/pay`, { order: "{{ steps.prep.output.order }}" }, { retry }),
      split: ["logic.splitter", { config: { items: "{{ trigger.items }}", maxParallel: 2 } }],
      pack: post(`${url}/pack`, { item: "{{ item }}" }, { retry }),
      collect: ["logic.collector", { config: { policy: "all" } }],
      letter: post(`${url}/letter`, {}, { delivery: "at_most_once" }),
      both: ["logic.merge", { config: { combine: "by_node" } }],
      rest: ["logic.wait", { config: { mode: "duration", durationSeconds: 1 } }],
      due: ["logic.wait", { config: { mode: "until", until: "{{ trigger.due }}" } }],
      ship: post(`${url}/ship`, { order: "{{ steps.prep.output.order }}" }, { retry }),
      done: set({ order: "{{ steps.prep.output.order }}", by: "{{ steps.ship.output.body.name }}" }),
    },
    "t>prep",
    "prep>pay",
    "pay>split",
    "split>pack",
    "pack>collect",
    "collect>both",
    "pay>letter",
    "letter>both",
    "both>rest",
    "rest>due",
    "due>ship",
    "ship>done",
  );
  return { ...graph, settings: { maxConcurrentRuns: AT_ONCE } };
}

/** Seconds from the start of an order to the moment before which it must not be shipped. */
const DUE_SECONDS = 3;

/** The key of the letter, which must not be sent twice. */
function letterKey(runId: string): string {
  return `${runId}:letter`;
}

/** See the module. */
export const ORDERS: Work = {
  graph: orderGraph,
  input: (order) => ({ order, items: ITEMS, due: new Date(Date.now() + DUE_SECONDS * 1000).toISOString() }),
  keys(runId) {
    const items = ITEMS.map((_, index) => `${runId}:pack:split.${index}`);
    return [`${runId}:pay`, ...items, letterKey(runId), `${runId}:ship`];
  },
  once: letterKey,
  steps: [
    "prep",
    "pay",
    "split",
    ...ITEMS.map((_, index) => `pack@split.${index}`),
    "collect",
    "letter",
    "both",
    "rest",
    "due",
    "ship",
    "done",
  ],
};

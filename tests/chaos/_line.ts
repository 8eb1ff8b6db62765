/**
 * A flow without branches, such as the worker of the release before knows it (`testdata/previous_release.json`).
 *
 * @module
 */
import { draw, post, set } from "../helpers/flows.ts";
import type { Work } from "./_work.ts";

const EFFECTS = ["pay", "pack", "ship"];

/** See the module. */
export const LINE: Work = {
  graph(ledgerPort) {
    const url = `http://127.0.0.1:${ledgerPort}`;
    return draw(
      {
        t: ["trigger.manual"],
        prep: set({ order: "{{ trigger.order }}" }),
        pay: post(`${url}/pay`, { order: "{{ steps.prep.output.order }}" }),
        pack: post(`${url}/pack`),
        ship: post(`${url}/ship`, { order: "{{ steps.prep.output.order }}" }),
        done: set({ by: "{{ steps.ship.output.body.name }}" }),
      },
      "t>prep",
      "prep>pay",
      "pay>pack",
      "pack>ship",
      "ship>done",
    );
  },
  input: (order) => ({ order }),
  keys: (runId) => EFFECTS.map((node) => `${runId}:${node}`),
  once: () => null,
  steps: ["prep", ...EFFECTS, "done"],
};

import type { Graph } from "../../../shared/graph/mod.ts";
import { draw, post, set } from "../../helpers/flows.ts";
import { CHAIN, type ScenarioId } from "./scenarios.ts";

/**
 * The flows of the scenarios.
 *
 * @param ledger Where the steps of S6 put their effects.
 */
export function millraceFlows(ledger: string): Record<ScenarioId, Graph> {
  const one = draw({ t: ["trigger.webhook"], a: set({ n: 1, from: "{{ trigger.body.amount }}" }) }, "t>a");
  return {
    s1: one,
    s2: chain((index) =>
      set({ n: index === 1 ? "{{ trigger.body.amount + 1 }}" : `{{ steps.n${index - 1}.output.n + 1 }}` })
    ),
    s3: draw(
      {
        t: ["trigger.webhook"],
        a: set({ n: "{{ trigger.body.amount + 1 }}" }),
        choice: ["logic.if", { config: { condition: "{{ trigger.body.amount > 50 }}" } }],
        high: set({ n: "{{ steps.a.output.n + 10 }}" }),
        low: set({ n: "{{ steps.a.output.n }}" }),
        both: ["logic.merge"],
        z: set({ n: "{{ (steps.high.output.n ?? steps.low.output.n) + 100 }}" }),
      },
      "t>a",
      "a>choice",
      "choice/true>high",
      "choice/false>low",
      "high>both",
      "low>both",
      "both>z",
    ),
    s4: draw(
      {
        t: ["trigger.webhook"],
        split: ["logic.splitter", { config: { items: "{{ trigger.body.list }}", maxParallel: 100 } }],
        each: set({ n: "{{ item * 2 }}" }),
        all: ["logic.collector"],
        total: set({
          count: "{{ length(steps.all.output) }}",
          total: '{{ sum(pluck(steps.all.output, "n")) }}',
        }),
      },
      "t>split",
      "split>each",
      "each>all",
      "all>total",
    ),
    s5: one,
    s6: chain((index) => post(ledger, { step: index })),
  };
}

function chain(node: (index: number) => ReturnType<typeof set>): Graph {
  const numbers = Array.from({ length: CHAIN }, (_, index) => index + 1);
  const nodes = Object.fromEntries(numbers.map((index) => [`n${index}`, node(index)]));
  const edges = numbers.map((index) => `${index === 1 ? "t" : `n${index - 1}`}>n${index}`);
  return draw({ t: ["trigger.webhook"], ...nodes }, ...edges);
}

/**
 * All tokens of a run that only computes, one after the other and in memory: what `engine.settle_jobs` and
 * `private.job_reply` would do between them is done here, as far as it goes without Postgres.
 *
 * @module
 */
import type { Json } from "../graph/mod.ts";
import type { ItemResult } from "../nodes/mod.ts";
import { itemScope } from "./_scopes.ts";
import type { StepSurroundings } from "./execute_node.ts";
import { READS_INPUT } from "./token_reads.ts";
import type { Job, Opening, StepRecord } from "./types.ts";
import { TokenWalk, type WalkFlow } from "./walk.ts";

/** Outputs by node id, of the innermost scope where there are several. */
type Outputs = Record<string, Json>;

/** The walk of a whole run. */
export class AheadWalk {
  readonly #start: Job;
  readonly #flow: WalkFlow;
  readonly #surroundings: StepSurroundings;
  #stepsLeft: number;

  /**
   * @param start The first token of the run.
   * @param flow Its flow.
   * @param surroundings What steps may use.
   * @param maxSteps How many steps it may have; a token that leaves none counts as one.
   */
  constructor(start: Job, flow: WalkFlow, surroundings: StepSurroundings, maxSteps: number) {
    this.#start = start;
    this.#flow = flow;
    this.#surroundings = surroundings;
    this.#stepsLeft = maxSteps;
  }

  /**
   * Walks to the end of the run.
   *
   * @returns All of its steps; null when a token wants what only Postgres can give (another token beside it, a wait, an
   * end of its own), when an item fails or there are too many steps.
   */
  async run(): Promise<StepRecord[] | null> {
    return await this.#walk(this.#start, {});
  }

  /** Walks one token, through the regions that it opens, to the end of its scope. */
  async #walk(first: Job, outer: Outputs): Promise<StepRecord[] | null> {
    const { scope } = first;
    const steps: StepRecord[] = [];
    const outputs: Outputs = Object.assign(Object.create(null), outer);
    for (let token = first;;) {
      const result = await new TokenWalk(token, this.#flow, this.#surroundings).next();
      if (result === null) return null;
      const { steps: own, open, job: _, ...wishes } = result;
      if (Object.values(wishes).some((wish) => wish !== undefined)) return null;
      // A token that leaves no step costs too: a loop without a body may go over a hundred thousand items.
      this.#stepsLeft -= Math.max(1, own.length);
      if (this.#stepsLeft < 0) return null;
      for (const step of own) {
        steps.push(scope === undefined ? step : { ...step, scope });
        if (step.output !== null) outputs[step.node] = step.output;
      }
      if (open === undefined) return steps;
      const items: ItemResult[] = [];
      // The owner is in the list of its body, and has no step of its own there in most flows.
      if (open.more || open.items.length * Math.max(1, open.body.length - 1) > this.#stepsLeft) return null;
      for (const index of open.items.keys()) {
        const inside = await this.#walkItem(open, scope, index, outputs);
        if (inside === null) return null;
        steps.push(...inside);
        items.push(itemResult(open, itemScope(scope, open.node, index), index, inside));
      }
      const total = items.length;
      token = {
        ...this.#token(open.closer, scope, open.close_reads, outputs),
        payload: { close: { total, completed: total, failed: 0 } },
        items,
      };
    }
  }

  async #walkItem(open: Opening, outer: string | undefined, index: number, outputs: Outputs) {
    const token: Job = {
      ...this.#token(open.node, itemScope(outer, open.node, index), open.reads, outputs),
      payload: { item: open.items[index] ?? null, index, count: open.items.length },
    };
    return await this.#walk(token, outputs);
  }

  /** A token with what it reads, as `private.job_reply` gives it. */
  #token(node: string, scope: string | undefined, reads: readonly string[], outputs: Outputs): Job {
    const read: Outputs = {};
    for (const id of reads) if (id in outputs) read[id] = outputs[id] ?? null;
    return {
      ...this.#start,
      node,
      ...(scope !== undefined && { scope }),
      input: reads.includes(READS_INPUT) ? this.#start.input : null,
      outputs: read,
    };
  }
}

/** What an item gave, as `private.region_items` has it: the outputs with which it left the region, by exit. */
function itemResult({ body }: Opening, scope: string, index: number, steps: readonly StepRecord[]): ItemResult {
  const values = steps
    .flatMap((step) =>
      step.scope === scope && step.exit !== undefined && body.includes(step.node)
        ? [{ exit: step.exit, output: step.output }]
        : []
    )
    .toSorted((a, b) => a.exit - b.exit)
    .map(({ output }) => output);
  const [value = null] = values;
  if (values.length === 0) return { index, status: "skipped" };
  return { index, status: "completed", value: values.length === 1 ? value : values };
}

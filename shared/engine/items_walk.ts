/**
 * Several items of a region with one token: where a body only computes, nobody can tell whether its items were run by
 * themselves, and one checkpoint for many of them costs what it costs for one.
 *
 * @module
 */
import type { Json } from "../graph/mod.ts";
import { MAX_STEPS } from "./_items_per_token.ts";
import type { StepSurroundings } from "./execute_node.ts";
import { segmentsOf } from "./_scopes.ts";
import { bodyReads } from "./token_reads.ts";
import type { EndedItem, Job, JobResult, StepRecord } from "./types.ts";
import { TokenWalk, type WalkFlow } from "./walk.ts";

/** Characters of outputs after which a checkpoint is due. */
const MAX_CHARACTERS = 500_000;

/** The walk of a token that carries several items. */
export class ItemsWalk {
  readonly #job: Job;
  readonly #flow: WalkFlow;
  readonly #surroundings: StepSurroundings;

  /**
   * @param job A token in the body of a region, with `payload.rest`.
   * @param flow Its flow.
   * @param surroundings What steps may use.
   */
  constructor(job: Job, flow: WalkFlow, surroundings: StepSurroundings) {
    this.#job = job;
    this.#flow = flow;
    this.#surroundings = surroundings;
  }

  /**
   * Takes one item after the other, up to what one checkpoint holds.
   *
   * @returns What to settle; the walk is over then. Null when the worker is going before anything was done.
   */
  async next(): Promise<JobResult | null> {
    const { payload = {} } = this.#job;
    const items: Json[] = [payload.item ?? null, ...payload.rest ?? []];
    const steps: StepRecord[] = [];
    const ended: EndedItem[] = [];
    let characters = 0;
    while (ended.length < items.length && steps.length < MAX_STEPS && characters < MAX_CHARACTERS) {
      const item = this.#item(items, ended.length);
      const result = await new TokenWalk(item, this.#flow, this.#surroundings).next();
      if (result === null) {
        if (ended.length === 0) return null;
        break;
      }
      for (const step of result.steps) {
        steps.push({ ...step, scope: item.scope ?? "" });
        characters += JSON.stringify(step.output).length;
      }
      if (result.finish !== undefined) return { job: this.#job, steps, ended, finish: result.finish };
      ended.push({ scope: item.scope ?? "", ...(result.fail && { error: result.fail.error }) });
      // Whether others follow one that fails, the region decides.
      if (result.fail !== undefined) break;
    }
    const left = this.#item(items, ended.length);
    return {
      job: this.#job,
      steps,
      ended,
      ...(ended.length < items.length && {
        move: {
          node: left.node ?? "",
          scope: left.scope ?? "",
          reads: this.#reads(),
          payload: { ...left.payload, rest: items.slice(ended.length + 1) },
          keep: true,
        },
      }),
    };
  }

  /** The job as if its token carried this item only. */
  #item(items: Json[], place: number): Job {
    const { recorded, scope = "", payload = {}, ...job } = this.#job;
    const index = (payload.index ?? 0) + place;
    const { owner } = segmentsOf(scope).at(-1) ?? { owner: "" };
    const outer = scope.slice(0, scope.lastIndexOf(`${owner}.`));
    return {
      ...job,
      scope: `${outer}${owner}.${index}`,
      payload: { item: items[place] ?? null, index, count: payload.count ?? null },
      recorded: place === 0 ? recorded : null,
    };
  }

  #reads(): string[] {
    const { plan } = this.#flow;
    const owner = plan.nodes.find(({ id }) => id === this.#job.node);
    const region = owner?.opens === undefined ? undefined : plan.regions[owner.opens];
    return region === undefined ? [] : bodyReads(plan, region);
  }
}

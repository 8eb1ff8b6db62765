import { type BlobReference, readReference } from "../blobs/mod.ts";
import {
  evaluateCondition,
  type ExpressionBudget,
  type ExpressionScope,
  isObject,
  type Json,
  type JsonObject,
  type Plan,
  type PlanEdge,
  type PlanNode,
} from "../graph/mod.ts";
import { type ScopeSegment, segmentsOf } from "./_scopes.ts";
import type { Job } from "./types.ts";
import type { WalkFlow } from "./walk.ts";

/** What expressions can see, `item` and the like included. */
type Visible = ExpressionScope & { item?: Json; index?: number; callbacks?: { [nodeId: string]: string } };

/** What the expressions of one run can see, growing as its steps end. */
export class StepScope {
  readonly expressions: Visible;
  readonly #plan: Plan;
  /** Recorded outputs that nobody has read yet: references, by node id. */
  readonly #unread = new Map<string, BlobReference>();
  /** The owner of the innermost region. */
  readonly #owner: string | undefined;

  /**
   * @param job The token, which brings the outputs that its node reads.
   * @param flow The flow, for its name.
   * @param trigger The trigger the run began at; its output is the run's input.
   */
  constructor(job: Job, flow: WalkFlow, trigger: PlanNode | undefined) {
    this.#plan = flow.plan;
    // No prototype: a step may be called "constructor".
    const steps: ExpressionScope["steps"] = Object.create(null);
    for (const [id, output] of Object.entries(job.outputs)) {
      // The input of a run is as it was sent.
      if (id === trigger?.id) continue;
      steps[id] = { output };
      this.#defer(id, output);
    }
    if (trigger !== undefined) steps[trigger.id] = { output: job.input };
    this.expressions = {
      trigger: job.input,
      steps,
      run: { id: job.run_id, started_at: job.started_at, attempt: job.attempt },
      flow: { id: flow.id, name: flow.name },
    };
    const inner = segmentsOf(job.scope ?? "").at(-1);
    this.#owner = inner?.owner;
    if (inner !== undefined) this.#enter(inner, job);
  }

  /** The id of a node of the plan by its index. */
  idOf(index: number | undefined): string {
    return index === undefined ? "" : this.#plan.nodes[index]?.id ?? "";
  }

  /** The output of a step, null when it has none. */
  get(nodeId: string): Json {
    return this.expressions.steps[nodeId]?.output ?? null;
  }

  /** Records the output of a step. */
  set(nodeId: string, output: Json): void {
    this.#unread.delete(nodeId);
    this.expressions.steps[nodeId] = { output };
  }

  /** Takes over what was recorded as the output of a step: it may be a reference. */
  setRecorded(nodeId: string, output: Json): void {
    this.set(nodeId, output);
    this.#defer(nodeId, output);
  }

  /** Loads the outputs of steps that are about to be read and are references still. */
  async load(nodeIds: readonly string[], load: (reference: BlobReference) => Promise<Json>): Promise<void> {
    if (this.#unread.size === 0) return;
    for (const id of nodeIds) {
      const reference = this.#unread.get(id);
      if (reference === undefined) continue;
      this.set(id, await load(reference));
      if (id === this.#owner) this.#showItem(id);
    }
  }

  /** What the config of a while loop sees: the iteration before, or that there was none. */
  ofLoop(again: { index: number; last: Json } | undefined): ExpressionScope {
    return {
      ...this.expressions,
      item: again?.last ?? null,
      index: again === undefined ? 0 : again.index + 1,
    } as Visible;
  }

  /**
   * Whether the run follows an edge.
   *
   * @param edge The edge; its condition may read the source's output, which has to be set before.
   * @param handles The live handles of the source, null = all but `error`.
   * @param budget What the conditions of one step may cost together.
   * @throws {ExpressionError} The condition can not be evaluated.
   */
  isLive(edge: PlanEdge, handles: string[] | null, budget: ExpressionBudget): boolean {
    const handleLives = handles === null ? edge.handle !== "error" : handles.includes(edge.handle);
    return handleLives && (edge.condition === undefined || evaluateCondition(edge.condition, this.expressions, budget));
  }

  /** Inside a region: the item, from the token that begins there or from what its first checkpoint recorded. */
  #enter(inner: ScopeSegment, { node, payload }: Job): void {
    if (payload?.index !== undefined && node === inner.owner) {
      this.set(inner.owner, itemOf(payload.item ?? null, payload.index, payload.count ?? null));
    }
    this.expressions.index = inner.index;
    this.#showItem(inner.owner);
  }

  #showItem(owner: string): void {
    const output = this.get(owner);
    this.expressions.item = isObject(output) ? output["item"] ?? null : null;
  }

  #defer(nodeId: string, output: Json): void {
    const reference = readReference(output);
    if (reference !== null) this.#unread.set(nodeId, reference);
  }
}

/** What the owner of a region gives to the steps inside. */
function itemOf(item: Json, index: number, count: number | null): JsonObject {
  return { item, count, index };
}

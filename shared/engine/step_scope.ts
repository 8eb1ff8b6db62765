import {
  evaluateCondition,
  type ExpressionBudget,
  type ExpressionScope,
  type Json,
  type Plan,
  type PlanEdge,
  type PlanNode,
} from "../graph/mod.ts";
import type { Job } from "./types.ts";
import type { WalkFlow } from "./walk.ts";

/** What the expressions of one run can see, growing as its steps end. */
export class StepScope {
  readonly expressions: ExpressionScope;
  readonly #plan: Plan;

  /**
   * @param job The token, which brings the outputs that its node reads.
   * @param flow The flow, for its name.
   * @param trigger The trigger the run began at; its output is the run's input.
   */
  constructor(job: Job, flow: WalkFlow, trigger: PlanNode | undefined) {
    this.#plan = flow.plan;
    // No prototype: a step may be called "constructor".
    const steps: ExpressionScope["steps"] = Object.create(null);
    for (const [id, output] of Object.entries(job.outputs)) steps[id] = { output };
    if (trigger !== undefined) steps[trigger.id] = { output: job.input };
    this.expressions = {
      trigger: job.input,
      steps,
      run: { id: job.run_id, started_at: job.started_at, attempt: job.attempt },
      flow: { id: flow.id, name: flow.name },
    };
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
    this.expressions.steps[nodeId] = { output };
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
}

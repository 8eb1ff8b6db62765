/**
 * One token on its way: runs the nodes it comes to and says, checkpoint by checkpoint, what Postgres has to record.
 * Pure nodes in a row share a checkpoint; before a second effect the first one is recorded.
 *
 * @module
 */
import { ExpressionBudget, ExpressionError, type Json, type Plan, type PlanNode } from "../graph/mod.ts";
import { getNode } from "../nodes/mod.ts";
import { findTrigger, Frontier, type Position, toTarget } from "./frontier.ts";
import { runStep, type StepOutcome, type StepSurroundings } from "./run_step.ts";
import { StepScope } from "./step_scope.ts";
import type { Job, JobResult, RecordedStep, StepRecord } from "./types.ts";

/** The flow that a job belongs to. */
export interface WalkFlow {
  id: string;
  name: string;
  plan: Plan;
}

/** The walk of one token. */
export class TokenWalk {
  readonly #job: Job;
  readonly #plan: Plan;
  readonly #surroundings: StepSurroundings;
  readonly #scope: StepScope;
  readonly #recorded: Map<string, RecordedStep>;
  /** `performance.now()` when the run times out. */
  readonly #deadline: number;
  #frontier: Frontier | undefined;
  /** Nodes with an effect that the pure ones have led to. */
  #effects: Position[] = [];
  #steps: StepRecord[] = [];
  /** Whether an effect has happened that is not recorded yet. */
  #effectHappened = false;

  /**
   * @param job The claimed token.
   * @param flow Its flow.
   * @param surroundings What steps may use.
   */
  constructor(job: Job, flow: WalkFlow, surroundings: StepSurroundings) {
    this.#job = job;
    this.#plan = flow.plan;
    this.#surroundings = surroundings;
    this.#deadline = performance.now() + job.deadline_ms;
    this.#recorded = new Map((job.recorded ?? []).map((step) => [step.node, step]));
    const trigger = findTrigger(flow.plan, job.trigger, job.trigger_node);
    this.#scope = new StepScope(job, flow, trigger);
    if (job.node === undefined) {
      if (trigger !== undefined) this.#frontier = Frontier.begin(flow.plan, trigger);
    } else {
      const node = flow.plan.nodes.find((candidate) => candidate.id === job.node);
      if (node !== undefined) this.#frontier = Frontier.at(flow.plan, node, job.payload);
    }
  }

  /**
   * Goes on to the next checkpoint.
   *
   * @returns What to settle; after a settled `hold` the walk goes on with another call, after anything else it is over.
   * Null when the worker is going and the job is to be given back as it is.
   */
  async next(): Promise<JobResult | null> {
    try {
      return await this.#walk();
    } catch (error) {
      // The condition of an edge that no step of this walk answers for: a trigger's, or one evaluated again.
      if (error instanceof ExpressionError) return this.#fail("expression_invalid", error.message);
      throw error;
    }
  }

  async #walk(): Promise<JobResult | null> {
    if (this.#frontier === undefined) return this.#fail("flow_invalid", "The flow has no such trigger or node");
    for (;;) {
      const ended = await this.#runPureNodes(this.#frontier);
      if (ended !== undefined) return ended;

      const arrive = this.#frontier.arrivals();
      const [first, ...others] = this.#effects;
      if (first === undefined) return this.#result({ ...(arrive.length > 0 && { arrive }) });
      if (others.length > 0 || arrive.length > 0) {
        // Ways part, or one waits for others: from here on each way is a token of its own.
        return this.#result({
          move: toTarget(this.#plan, first, true),
          spawn: others.map((position) => toTarget(this.#plan, position, true)),
          ...(arrive.length > 0 && { arrive }),
        });
      }
      if (this.#effectHappened) return this.#result({ hold: true });

      if (this.#surroundings.signal.aborted) return null;
      this.#effects = [];
      const over = await this.#runNode(this.#frontier, first);
      this.#effectHappened = true;
      if (over !== undefined) return over;
    }
  }

  /** Runs pure nodes until none is left; a result only if one of them ended the token. */
  async #runPureNodes(frontier: Frontier): Promise<JobResult | null | undefined> {
    for (let position = frontier.take(); position !== undefined; position = frontier.take()) {
      const { node, live } = position;
      const recorded = this.#recorded.get(node.id);
      const budget = new ExpressionBudget();
      if (!live) {
        if (recorded === undefined && node.kind !== "trigger") this.#steps.push(skippedStep(node));
        frontier.answer(node, () => false);
      } else if (node.kind === "trigger") {
        // What a trigger gives is the input of the run, kept there and not a second time as a step.
        frontier.answer(node, (edge) => this.#scope.isLive(edge, null, budget));
      } else if (recorded !== undefined && recorded.status !== "skipped" && !isStop(node)) {
        this.#scope.set(node.id, recorded.output);
        frontier.answer(node, (edge) => this.#scope.isLive(edge, recorded.handles, budget));
      } else if (node.kind === "effect") {
        this.#effects.push(position);
      } else {
        const over = await this.#runNode(frontier, position);
        if (over !== undefined) return over;
      }
    }
    return undefined;
  }

  /** Runs one node and answers its edges; a result if the token ends with it, null if the worker is going. */
  async #runNode(frontier: Frontier, position: Position): Promise<JobResult | null | undefined> {
    const { node } = position;
    const attempt = node.id === this.#job.node ? this.#job.attempt : 1;
    const remainingMs = this.#deadline - performance.now();
    const outcome: StepOutcome = await runStep(
      { position, attempt, remainingMs, job: this.#job, scope: this.#scope },
      this.#surroundings,
    );
    if (outcome.kind === "given_back") return null;
    this.#steps.push(outcome.record);
    switch (outcome.kind) {
      case "ended":
        return this.#result({ finish: outcome.finish });
      case "retry":
        return this.#result({
          move: {
            ...toTarget(this.#plan, position, false),
            attempt,
            delayMs: outcome.delayMs,
            error: outcome.record.error?.message ?? "",
          },
        });
      case "done":
        this.#scope.set(node.id, outcome.record.output);
        frontier.answer(node, (edge) => outcome.live.has(edge));
        return undefined;
    }
  }

  #fail(code: string, message: string): JobResult {
    return this.#result({ finish: { status: "failed", output: null, error: { code, message } } });
  }

  #result(rest: Omit<JobResult, "job" | "steps">): JobResult {
    const steps = this.#steps;
    this.#steps = [];
    this.#effectHappened = false;
    const deadline_ms = this.#deadline - performance.now();
    return { job: { ...this.#job, deadline_ms }, steps, ...rest };
  }
}

/**
 * Whether a node ends the run. It does so whenever a run comes to it: recorded already, it was too late to end the run
 * that this one retries.
 */
function isStop(node: PlanNode): boolean {
  return getNode(node.type)?.terminal === true;
}

function skippedStep(node: PlanNode): StepRecord {
  const now = performance.now();
  const output: Json = null;
  return {
    node: node.id,
    attempt: 1,
    status: "skipped",
    leaf: node.out.length === 0,
    handles: null,
    output,
    error: null,
    startedAt: now,
    finishedAt: now,
  };
}

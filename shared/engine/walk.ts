/**
 * One token on its way: runs the nodes it comes to and says, checkpoint by checkpoint, what Postgres has to record.
 * Pure nodes in a row share a checkpoint; before a second effect the first one is recorded.
 *
 * @module
 */
import { ExpressionBudget, ExpressionError, isObject, type Plan, type PlanNode } from "../graph/mod.ts";
import { getNode } from "../nodes/mod.ts";
import { toChild, toOpening, toRetry, toWait } from "./_checkpoints.ts";
import { databaseClock } from "./_database_clock.ts";
import { keepOutput, loadReads, loadReference, StorageFailure } from "./_large_outputs.ts";
import { itemStep, ownerFailed, skippedStep } from "./_region_steps.ts";
import { brokenLoop, loopScope } from "./_scopes.ts";
import type { StepAttempt, StepSurroundings } from "./execute_node.ts";
import { findTrigger, Frontier, type Position, toTarget } from "./frontier.ts";
import { decideStep, isSplitter, lostStep, runStep, type StepOutcome } from "./run_step.ts";
import { StepScope } from "./step_scope.ts";
import type { Job, JobResult, RecordedStep, StepError, StepRecord } from "./types.ts";

/** The flow that a job belongs to. */
export interface WalkFlow {
  id: string;
  name: string;
  plan: Plan;
}

/** What a checkpoint says besides its steps. */
type Checkpoint = Omit<JobResult, "job" | "steps">;

/** The walk of one token. */
export class TokenWalk {
  readonly #job: Job;
  readonly #plan: Plan;
  readonly #surroundings: StepSurroundings;
  readonly #scope: StepScope;
  readonly #recorded: Map<string, RecordedStep>;
  /** `performance.now()` when the run times out. */
  readonly #deadline: number;
  readonly #now: () => number;
  #frontier: Frontier | undefined;
  /** Nodes with an effect, or that open a region, that the pure ones have led to. */
  #effects: Position[] = [];
  #steps: StepRecord[] = [];
  /** Whether an effect has happened that is not recorded yet. */
  #effectHappened = false;
  /** Which item the token began in, for the steps after the first checkpoint. */
  #item: StepRecord | undefined;
  #broke: string | undefined;

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
    this.#now = databaseClock(job);
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
      if (error instanceof ExpressionError) return this.#fail({ code: "expression_invalid", message: error.message });
      if (this.#surroundings.signal.aborted) return null;
      // A large output that is gone. While Storage is only away, another worker tries again.
      if (!(error instanceof StorageFailure) || error.retryable) throw error;
      return this.#fail({ code: error.code, message: error.message });
    }
  }

  async #walk(): Promise<JobResult | null> {
    const frontier = this.#frontier;
    if (frontier === undefined) return this.#finish("flow_invalid", "The flow has no such trigger or node");
    for (;;) {
      const ended = await this.#runPureNodes(frontier);
      if (ended !== undefined) return ended;

      const arrive = frontier.arrivals();
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
      const isEffect = first.node.kind === "effect";
      if (this.#effectHappened && isEffect) return this.#result({ hold: true });

      if (this.#surroundings.signal.aborted) return null;
      this.#effects = [];
      const over = await this.#runNode(frontier, first);
      if (over !== undefined) return over;
      this.#effectHappened ||= isEffect;
    }
  }

  /** Runs pure nodes until none is left; a result only if one of them ended the token. */
  async #runPureNodes(frontier: Frontier): Promise<JobResult | null | undefined> {
    for (let position = frontier.take(); position !== undefined; position = frontier.take()) {
      if (this.#surroundings.givesUp?.()) return null;
      const { node, live, payload } = position;
      const budget = new ExpressionBudget();
      if (!live) {
        if (!this.#recorded.has(node.id) && node.kind !== "trigger") {
          this.#steps.push(skippedStep(this.#attempt(position)));
        }
        frontier.skip(node);
      } else if (node.kind === "trigger") {
        // What a trigger gives is the input of the run, kept there and not a second time as a step.
        frontier.answer(node, (edge) => this.#scope.isLive(edge, null, budget));
      } else if (payload?.index !== undefined) {
        await this.#begin(frontier, position);
      } else if (await this.#passRecorded(frontier, node)) {
        continue;
      } else if (node.kind === "effect" || node.opens !== undefined) {
        this.#effects.push(position);
      } else {
        const over = await this.#runNode(frontier, position);
        if (over !== undefined) return over;
      }
    }
    return undefined;
  }

  /** Goes into the body of a region, with one of its items. */
  async #begin(frontier: Frontier, position: Position): Promise<void> {
    const { node } = position;
    const budget = new ExpressionBudget();
    const step = this.#attempt(position);
    if (node.out.some((edge) => edge.body && edge.condition !== undefined)) await loadReads(step, this.#surroundings);
    const live = new Set(node.out.filter((edge) => edge.body && this.#scope.isLive(edge, null, budget)));
    const exit = [...live].find((edge) => edge.exit)?.slot;
    const item = itemStep(step, exit);
    if (item !== null) {
      const { kept } = await keepOutput(item.step.output, this.#job, this.#surroundings);
      const record = { ...item.step, output: kept };
      if (item.always) this.#steps.push(record);
      else this.#item = record;
    }
    frontier.enter(node, (edge) => live.has(edge));
  }

  /** Goes on behind a node that is recorded already; false = it is to be run. */
  async #passRecorded(frontier: Frontier, node: PlanNode): Promise<boolean> {
    const recorded = this.#recorded.get(node.id);
    if (recorded === undefined || recorded.status === "skipped" || endsMore(node)) return false;
    const budget = new ExpressionBudget();
    if (isSplitter(this.#plan, node)) {
      // What is in its body is known when its collector is through; otherwise the items go in again.
      const closer = this.#plan.nodes[this.#plan.regions[node.opens ?? -1]?.closer ?? -1];
      if (recorded.status === "failed") frontier.giveUp(node, recorded.handles);
      else if (closer === undefined || !this.#recorded.has(closer.id)) return false;
      else frontier.pass(node);
    }
    if (node.opens !== undefined) this.#broke ??= brokenLoop(this.#plan, node, this.#job);
    this.#scope.setRecorded(node.id, recorded.output);
    if (node.out.some(({ condition }) => condition !== undefined)) {
      await this.#scope.load([node.id, ...node.reads], (found) => loadReference(found, this.#job, this.#surroundings));
    }
    frontier.answer(node, (edge) => this.#scope.isLive(edge, recorded.handles, budget));
    return true;
  }

  /** Runs one node and answers its edges; a result if the token ends with it, null if the worker is going. */
  async #runNode(frontier: Frontier, position: Position): Promise<JobResult | null | undefined> {
    const step = this.#attempt(position);
    const outcome = await this.#outcome(step);
    if (outcome === "announce") return this.#result(toRetry(step, { keep: true, intent: step.attempt }));
    return this.#follow(frontier, step, outcome);
  }

  /** Runs a node, or finds out without running it; `announce` = it has to be written down first. */
  #outcome(step: StepAttempt): Promise<StepOutcome> | StepOutcome | "announce" {
    const { node, payload } = step.position;
    if (node.delivery !== "at_most_once" || this.#job.pins !== undefined) return runStep(step, this.#surroundings);
    const { wait, resolved } = payload ?? {};
    if (wait !== undefined && wait.kind !== "decision") return runStep(step, this.#surroundings);
    const decision = resolved?.data;
    if (isObject(decision) && decision["outcome"] !== "retry") return decideStep(step, decision, this.#surroundings);
    if (payload?.intent === undefined) return "announce";
    if (this.#job.resumed) return lostStep({ ...step, attempt: payload.intent });
    return runStep(step, this.#surroundings);
  }

  #follow(frontier: Frontier, step: StepAttempt, outcome: StepOutcome): JobResult | null | undefined {
    const { node } = step.position;
    // What is done again, because it ends more than itself or items have to go in anew, is recorded once.
    const isKnown = this.#recorded.has(node.id) && outcome.kind !== "failed";
    if ("record" in outcome && outcome.record !== null && !isKnown) this.#steps.push(outcome.record);
    switch (outcome.kind) {
      case "given_back":
        return null;
      case "stopped":
        return this.#result({ finish: outcome.finish });
      case "failed":
        return this.#fail(outcome.error);
      case "retry":
        return this.#result(toRetry(step, { delayMs: outcome.delayMs, error: outcome.record.error?.message ?? "" }));
      case "held_back":
        return this.#result(toRetry(step, { delayMs: outcome.delayMs, error: outcome.reason, counted: false }));
      case "unknown":
        return this.#result(
          toWait({ ...step, attempt: outcome.record.attempt + 1 }, {
            kind: "decision",
            data: { code: outcome.error.code, message: outcome.error.message },
          }),
        );
      case "waits":
        return this.#result(toWait(step, outcome.wait));
      case "starts":
        return this.#result(toChild(step, outcome.start));
      case "opens": {
        const opening = toOpening(step, outcome.opening);
        if (opening !== null) return this.#result(opening);
        frontier.closeEmpty(node);
        return undefined;
      }
      case "done":
        this.#done(frontier, node, outcome);
        return undefined;
    }
  }

  #done(frontier: Frontier, node: PlanNode, { record, live }: StepOutcome & { kind: "done" }): void {
    if (getNode(node.type)?.breaks === true) this.#broke = loopScope(this.#plan, node, this.#job.scope ?? "");
    if (isSplitter(this.#plan, node)) frontier.giveUp(node, record.handles);
    frontier.answer(node, (edge) => live.has(edge));
  }

  #attempt(position: Position): StepAttempt {
    return {
      plan: this.#plan,
      position,
      attempt: position.node.id === this.#job.node ? this.#job.attempt : 1,
      remainingMs: this.#deadline - performance.now(),
      now: this.#now,
      job: this.#job,
      scope: this.#scope,
    };
  }

  /** The run fails or, in a region, the item. */
  #fail(error: StepError): JobResult {
    if (!this.#job.scope) return this.#result({ finish: { status: "failed", output: null, error } });
    // The item has to show why it failed.
    const blamed = this.#steps.some((step) => step.status === "failed" && step.output === null);
    if (!blamed) this.#steps.push(ownerFailed(this.#job, error));
    this.#item = undefined;
    return this.#result({ fail: { error } });
  }

  #finish(code: string, message: string): JobResult {
    return this.#result({ finish: { status: "failed", output: null, error: { code, message } } });
  }

  #result(checkpoint: Checkpoint): JobResult {
    const steps = this.#steps;
    const { move, hold, open, child } = checkpoint;
    // Those who come after read it; whoever is the last of the item needs no trace of it.
    if (this.#item !== undefined && (move ?? hold ?? open ?? child) !== undefined) {
      steps.unshift(this.#item);
      this.#item = undefined;
    }
    const broke = this.#broke;
    this.#steps = [];
    this.#broke = undefined;
    this.#effectHappened = false;
    const deadline_ms = this.#deadline - performance.now();
    return { job: { ...this.#job, deadline_ms }, steps, ...checkpoint, ...(broke !== undefined && { broke }) };
  }
}

/**
 * Whether a node does more than give an output: it ends the run or a loop. It does so whenever a run comes to it:
 * recorded already, it was too late to end the run that this one retries, or its loop begins anew.
 */
function endsMore(node: PlanNode): boolean {
  const { terminal, breaks } = getNode(node.type) ?? {};
  return terminal === true || breaks === true;
}

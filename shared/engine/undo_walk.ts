/**
 * The token that undoes what a failed run did: the compensations of its completed steps, the newest first, one after the
 * other, each recorded before the next one begins.
 *
 * @module
 */
import { databaseClock } from "./_database_clock.ts";
import type { Plan, PlanNode } from "../graph/mod.ts";
import type { StepSurroundings } from "./execute_node.ts";
import { findTrigger } from "./frontier.ts";
import { runStep, type StepOutcome } from "./run_step.ts";
import { StepScope } from "./step_scope.ts";
import type { Job, JobResult, ScopedStep, StepRecord } from "./types.ts";
import type { WalkFlow } from "./walk.ts";

/** A step and what undoes it, as if that were a node. */
interface Compensation {
  step: ScopedStep;
  node: PlanNode;
}

/** The walk of a token that undoes. */
export class UndoWalk {
  readonly #job: Job;
  readonly #flow: WalkFlow;
  readonly #surroundings: StepSurroundings;
  readonly #deadline: number;
  readonly #todo: Compensation[];
  #attempt: number;
  #failed: boolean;

  /**
   * @param job The claimed token, with what is to be undone.
   * @param flow Its flow.
   * @param surroundings What steps may use.
   */
  constructor(job: Job, flow: WalkFlow, surroundings: StepSurroundings) {
    this.#job = job;
    this.#flow = flow;
    this.#surroundings = surroundings;
    this.#deadline = performance.now() + job.deadline_ms;
    // The attempts of the token are those of the first that is left.
    this.#attempt = job.attempt;
    const undone = job.undone ?? [];
    this.#failed = undone.some(({ status }) => status === "failed");
    const done = new Set(undone.map(({ node, scope }) => `${node} ${scope}`));
    this.#todo = (job.undo ?? []).flatMap((step) => {
      const node = compensationOf(flow.plan, step.node);
      return node === undefined || done.has(`${node.id} ${step.scope}`) ? [] : [{ step, node }];
    });
  }

  /**
   * Undoes the next step.
   *
   * @returns What to settle; after a settled `hold` the walk goes on with another call, after anything else it is over.
   * Null when the worker is going and the job is to be given back as it is.
   */
  async next(): Promise<JobResult | null> {
    const reads = this.#reads();
    if (reads.length > 0 && this.#job.payload?.ready !== true) {
      // Which outputs they need, only the plan knows: the token comes back with them.
      return this.#result([], { move: { ...this.#again(reads), keep: true, attempt: this.#job.attempt - 1 } });
    }
    const [next] = this.#todo;
    if (next === undefined) {
      const status = this.#failed ? "compensation_failed" : "compensated";
      return this.#result([], { finish: { status, output: null, error: null } });
    }
    if (this.#surroundings.signal.aborted) return null;
    return this.#follow(next, await this.#run(next), reads);
  }

  #follow({ step: { scope }, node }: Compensation, outcome: StepOutcome, reads: string[]): JobResult | null {
    const place = { scope, leaf: false };
    switch (outcome.kind) {
      case "given_back":
        return null;
      case "retry": {
        const { delayMs, record } = outcome;
        const error = record.error?.message ?? "";
        const move = { ...this.#again(reads), keep: false, attempt: this.#attempt, delayMs, error };
        return this.#result([{ ...record, ...place }], { move });
      }
      case "held_back": {
        const { delayMs, reason: error } = outcome;
        return this.#result([], {
          move: { ...this.#again(reads), keep: false, attempt: this.#attempt - 1, delayMs, error },
        });
      }
      case "done":
      case "failed":
        this.#failed ||= outcome.record.status === "failed";
        this.#advance();
        return this.#result([{ ...outcome.record, ...place }], { hold: true });
      default: {
        const record = cannotWait(node, this.#attempt);
        this.#failed = true;
        this.#advance();
        return this.#result([{ ...record, ...place }], { hold: true });
      }
    }
  }

  #advance(): void {
    this.#todo.shift();
    this.#attempt = 1;
  }

  #run({ step, node }: Compensation): Promise<StepOutcome> {
    const outputs: Job["outputs"] = {};
    const around = (this.#job.outputs_all ?? []).filter(({ scope }) => isAround(scope, step.scope));
    for (const { node, output } of around.toSorted((a, b) => a.scope.length - b.scope.length)) outputs[node] = output;
    outputs[step.node] = step.output ?? null;
    const job: Job = { ...this.#job, scope: step.scope, outputs, node: node.id };
    const trigger = findTrigger(this.#flow.plan, job.trigger, job.trigger_node);
    return runStep(
      {
        plan: this.#flow.plan,
        position: { node, live: true, slots: null },
        attempt: this.#attempt,
        remainingMs: this.#deadline - performance.now(),
        now: databaseClock(job),
        job,
        scope: new StepScope(job, this.#flow, trigger),
      },
      this.#surroundings,
    );
  }

  /** Ids of the steps that the compensations read besides the one they undo. */
  #reads(): string[] {
    const { nodes } = this.#flow.plan;
    const ids = new Set(this.#todo.flatMap(({ step, node }) => node.reads.filter((id) => id !== step.node)));
    // A trigger's output comes with every job.
    return nodes.filter(({ id, kind }) => kind !== "trigger" && ids.has(id)).map(({ id }) => id);
  }

  #again(reads: string[]) {
    return { reads, payload: { undo: true, ready: true } };
  }

  #result(steps: StepRecord[], rest: Omit<JobResult, "job" | "steps">): JobResult {
    return { job: { ...this.#job, deadline_ms: this.#deadline - performance.now() }, steps, ...rest };
  }
}

/** What undoes a node, as a node of its own that nothing leads to or from. */
function compensationOf({ nodes }: Plan, id: string): PlanNode | undefined {
  const node = nodes.find((candidate) => candidate.id === id);
  if (node?.undo === undefined) return undefined;
  const { type, config, reads, retry, timeoutSeconds } = node.undo;
  return {
    index: node.index,
    id: `undo:${id}`,
    type,
    label: node.label,
    kind: "effect",
    config,
    in: 0,
    predecessors: [],
    out: [],
    reads,
    retry,
    timeoutSeconds,
    onError: "stop",
    region: null,
  };
}

function isAround(outer: string, scope: string): boolean {
  return outer === "" || outer === scope || scope.startsWith(`${outer}/`);
}

/** Nobody would be there to let it go on. */
function cannotWait({ id }: PlanNode, attempt: number): StepRecord {
  const now = performance.now();
  const message = "What undoes a step can not wait for anything";
  return {
    node: id,
    attempt,
    status: "failed",
    leaf: false,
    handles: null,
    output: null,
    error: { code: "node_config_invalid", message, node_id: id },
    startedAt: now,
    finishedAt: now,
  };
}

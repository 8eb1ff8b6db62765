import type { Log } from "../log/mod.ts";
import { CPU_COSTS, type CpuMeter } from "./cpu_meter.ts";
import type { StepSurroundings } from "./execute_node.ts";
import { ItemsWalk } from "./items_walk.ts";
import { PlanCache, type ReadyFlow } from "./plan_cache.ts";
import { isTransient, type Settled, SettleQueue } from "./settle_queue.ts";
import type { Job, JobResult } from "./types.ts";
import { UndoWalk } from "./undo_walk.ts";
import { TokenWalk } from "./walk.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** What {@linkcode WorkerTokens} needs. */
export interface WorkerTokensOptions {
  worker: WorkerOptions;
  workerId: string;
  /** Aborted when the lease is lost or the worker goes. */
  signal: AbortSignal;
  meter: CpuMeter;
  /** Whether nothing new begins any more. */
  isClosing(): boolean;
  /** Takes the tokens that a settle leased to this worker. */
  onTokens(tokens: Job[]): void;
  /** Called when tokens may be leased to this worker without its knowing. */
  onDoubt(): void;
  /** Called when a settle made tokens that anybody may claim at once. */
  onMore(): void;
  /** Called with the id of each token whose walk has ended. */
  onEnded(token: string): void;
  /** Called when a token has begun or ended. */
  onChange(): void;
  onCall(size: number, durationMs: number): void;
}

/** The tokens of a worker: walks them, settles what they did. */
export class WorkerTokens {
  readonly #options: WorkerTokensOptions;
  readonly #plans: PlanCache;
  readonly #settles: SettleQueue;
  /** Tokens whose walks have begun, and those whose plans are being loaded. */
  #running = 0;
  #settled = 0;
  #lost = 0;

  constructor(options: WorkerTokensOptions) {
    const { worker, workerId, onTokens, onDoubt, onMore, onCall } = options;
    this.#options = options;
    this.#plans = worker.plans ?? new PlanCache(worker.client);
    this.#settles = new SettleQueue(worker.client, workerId, {
      onJobs: onTokens,
      onDoubt,
      onMore,
      onCall,
      ...(worker.patienceMs !== undefined && { patienceMs: worker.patienceMs }),
    });
  }

  /** Tokens under way. */
  get running(): number {
    return this.#running;
  }

  /** Checkpoints written so far. */
  get settled(): number {
    return this.#settled;
  }

  /** Tokens that somebody else had taken over. */
  get lost(): number {
    return this.#lost;
  }

  /** Begins tokens; resolves when their walks have begun. */
  async start(tokens: Job[]): Promise<void> {
    this.#running += tokens.length;
    let flows: Map<string, ReadyFlow>;
    try {
      flows = await this.#plans.get(tokens);
    } catch (error) {
      this.#options.worker.log.warn("engine.plans_failed", { error });
      this.#options.onDoubt();
      for (const { job } of tokens) this.#end(job);
      return;
    }
    for (const token of tokens) void this.#walk(token, flows.get(token.flow_version_id));
  }

  #end(token: string): void {
    this.#running--;
    this.#options.onEnded(token);
    this.#options.onChange();
  }

  /** Walks one token to its end. Never rejects. */
  async #walk(token: Job, flow: ReadyFlow | undefined): Promise<void> {
    const { worker, meter, isClosing, onDoubt } = this.#options;
    const log = worker.log.with({ run_id: token.run_id, organization_id: token.organization_id });
    try {
      if (flow === undefined || !flow.ok) {
        await this.#settle(unrunnable(token, flow), log);
        return;
      }
      const Walk = token.payload?.undo ? UndoWalk : token.payload?.rest ? ItemsWalk : TokenWalk;
      const walk = new Walk(token, flow, this.#surroundings(log));
      for (;;) {
        meter.add(CPU_COSTS.token);
        const result = await walk.next();
        if (result === null) return;
        if (!await this.#settle(result, log) || result.hold !== true || isClosing()) return;
      }
    } catch (error) {
      // Nothing of the checkpoint is known to be written: the lease goes, and another worker begins it again.
      onDoubt();
      log.error("engine.walk_failed", { error });
    } finally {
      this.#end(token.job);
    }
  }

  #surroundings(log: Log): StepSurroundings {
    const { client, providers, breakers, random = Math.random, callbackUrl, values, secrets } = this.#options.worker;
    return {
      providers,
      log,
      signal: this.#options.signal,
      random,
      spend: client,
      ...(breakers !== undefined && { breakers }),
      ...(values !== undefined && { values }),
      ...(secrets !== undefined && { secrets }),
      ...(callbackUrl !== undefined && { callbackUrl }),
    };
  }

  /** Writes a checkpoint; false = the token is ours no more: it was lost, or its run is paused. */
  async #settle(result: JobResult, log: Log): Promise<boolean> {
    try {
      return this.#count(await this.#settles.settle(result), log);
    } catch (error) {
      if (isTransient(error)) throw error;
      // Postgres refuses what the steps gave: the run must end all the same.
      log.error("engine.settle_refused", { error });
      const refused = { code: "internal", message: "What the step gave could not be stored" };
      const finish = { status: "failed" as const, output: null, error: refused };
      return this.#count(await this.#settles.settle({ job: result.job, steps: [], finish }), log);
    }
  }

  #count({ written, parked }: Settled, log: Log): boolean {
    if (written) this.#settled++;
    else {
      this.#lost++;
      log.warn("engine.job_lost");
    }
    return written && !parked;
  }
}

/** The end of a run whose flow can not be run. */
function unrunnable(job: Job, flow: ReadyFlow | undefined): JobResult {
  const error = flow === undefined || flow.ok
    ? { code: "flow_invalid", message: "The version of the flow is gone" }
    : { code: "flow_invalid", message: flow.message, details: flow.problems.map((problem) => ({ ...problem })) };
  return { job, steps: [], finish: { status: "failed", output: null, error } };
}

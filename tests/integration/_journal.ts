/**
 * What became known when, while flows run: which steps were recorded, who held which runs, which effects were asked for.
 *
 * @module
 */
import type { SettleReply } from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";

/** When what became known: `performance.now()`. */
export interface Journal {
  /** `run:node`, in a body `run:node:scope` → when the answer came that says its step is recorded for good. */
  committed: Map<string, number>;
  /** `worker:run` → when the first call began that leased a token of the run to the worker. */
  leased: Map<string, number>;
  /** Calls of the email service. */
  calls: { worker: string; key: string; at: number }[];
  /** Faults that were made. */
  faults: number;
}

/** A journal with nothing in it. */
export function newJournal(): Journal {
  return { committed: new Map(), leased: new Map(), calls: [], faults: 0 };
}

interface SettledResult {
  job: string;
  epoch: number;
  run_id: string;
  scope?: string;
  steps: { node: string; scope?: string; status: string }[];
}

/** Keeps what the answer of a call tells, that began at `begun`. */
export function note(journal: Journal, name: string, args: Record<string, Json>, reply: Json, begun: number): void {
  const now = performance.now();
  if (name !== "claim_jobs" && name !== "settle_jobs") return;
  const { jobs, settled } = (name === "settle_jobs" ? reply : { jobs: reply, settled: [] }) as unknown as SettleReply;
  for (const { run_id } of jobs) keepFirst(journal.leased, `${String(args.p_worker_id)}:${run_id}`, begun);
  if (name === "claim_jobs") return;
  const results = args.p_results as unknown as SettledResult[];
  for (const result of results) {
    // Of two results of one job, from two claims of it, only the newer one is written, and the answer names the job.
    const isOlder = results.some(({ job, epoch }) => job === result.job && epoch > result.epoch);
    if (isOlder || !settled.includes(result.job)) continue;
    for (const { node, scope = result.scope, status } of result.steps) {
      if (status === "retried" || status === "unknown") continue;
      keepFirst(journal.committed, [result.run_id, node, scope].filter((part) => part).join(":"), now);
    }
  }
}

function keepFirst(map: Map<string, number>, key: string, value: number): void {
  if (!map.has(key)) map.set(key, value);
}

/** Calls that a worker made although the step was recorded before anyone could have leased it the token. */
export function needlessCalls({ committed, leased, calls }: Journal): string[] {
  return calls.filter(({ worker, key, at }) => {
    const recorded = committed.get(key) ?? Infinity;
    return at > recorded && (leased.get(`${worker}:${key.split(":")[0]}`) ?? 0) > recorded;
  }).map(({ key }) => key);
}

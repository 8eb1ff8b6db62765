import type { Json } from "../graph/mod.ts";
import type { JobResult, StepRecord, TokenTarget } from "./types.ts";

/**
 * A result as `engine.settle_jobs` takes it. What is absent costs nothing: a checkpoint of a flow without regions and
 * waits is as short as if there were none.
 *
 * @param now `performance.now()`.
 */
export function encodeResult(result: JobResult, now: number): Json {
  const { job, move, spawn, arrive, open, child, fail, finish } = result;
  return {
    job: job.job,
    epoch: job.epoch,
    run_id: job.run_id,
    organization_id: job.organization_id,
    deadline_ms: Math.max(0, Math.round(job.deadline_ms)),
    ...(job.scope && { scope: job.scope }),
    ...(job.entity_id && { entity: true }),
    steps: encodeSteps(result.steps, now),
    ...(move && { move: encodeMove(move) }),
    ...(result.hold && { hold: true }),
    ...(open && { open: { ...open } }),
    ...(child && { child: { ...child } }),
    ...(spawn?.length &&
      { spawn: spawn.map((target) => ({ ...encodeTarget(target), payload: toJson(target.payload) })) }),
    ...(arrive?.length && { arrive: arrive.map((answer) => ({ ...answer })) }),
    ...(result.ended &&
      { ended: result.ended.map(({ scope, error }) => ({ scope, ...(error && { error: { ...error } }) })) }),
    ...(fail && { fail: { error: { ...fail.error } } }),
    ...(result.broke !== undefined && { broke: result.broke }),
    ...(finish && { finish: { ...finish, error: finish.error === null ? null : { ...finish.error } } }),
  };
}

function encodeMove(move: NonNullable<JobResult["move"]>): Json {
  return {
    ...encodeTarget(move),
    ...(move.payload && { payload: toJson(move.payload) }),
    ...(move.attempt !== undefined && { attempt: move.attempt }),
    ...(move.delayMs !== undefined && { delay_ms: Math.round(move.delayMs) }),
    ...(move.error !== undefined && { error: move.error }),
    ...(move.wait && { wait: { ...move.wait } }),
  };
}

function encodeTarget({ node, scope, reads, keep }: TokenTarget): { [field: string]: Json } {
  return { ...(node !== undefined && { node }), ...(scope !== undefined && { scope }), reads, keep };
}

/** A payload is JSON, though its type has optional fields. */
function toJson(payload: TokenTarget["payload"]): Json {
  return payload === undefined ? null : { ...payload } as Json;
}

/** Steps as `engine.settle_jobs` takes them; `now` as for {@linkcode encodeResult}. */
export function encodeSteps(steps: readonly StepRecord[], now: number): Json[] {
  return steps.map((step) => encodeStep(step, now));
}

function encodeStep(step: StepRecord, now: number): Json {
  return {
    node: step.node,
    ...(step.scope !== undefined && { scope: step.scope }),
    attempt: step.attempt,
    status: step.status,
    ...(step.leaf && { leaf: true }),
    ...(step.exit !== undefined && { exit: step.exit }),
    ...(step.handles && { handles: step.handles }),
    ...(step.output !== null && { output: step.output }),
    ...(step.error && { error: { ...step.error } }),
    started_ago: Math.max(0, Math.round((now - step.startedAt) * 1000)),
    finished_ago: Math.max(0, Math.round((now - step.finishedAt) * 1000)),
  };
}

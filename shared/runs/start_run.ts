import { z } from "zod";
import { rpc } from "../db/mod.ts";
import {
  readIdempotencyKey,
  type Reply,
  reply,
  resourceUrl,
  type RouteContext,
  type UserAccess,
  waitUntil,
} from "../http/mod.ts";
import { findRun } from "./queries.ts";
import { runInline } from "./run_inline.ts";
import { type Run, type RunDetails, runDetailsSchema, runSchema } from "./schemas.ts";
import { waitForEnd } from "./wait_for_end.ts";

/** The query of routes that start a run. */
export const waitQuery = z.object({
  wait: z.coerce.number().int().min(0).max(60).default(0)
    .meta({ description: "Seconds to wait for the end of the run; 0 = answer at once", examples: [10] }),
});

const headers = { Location: "Where the run is" };

/** What {@link startRun} answers with. */
export const startRunResponses = {
  202: { description: "The run, under way", schema: runSchema, headers },
  200: { description: "The run, ended, with its steps", schema: runDetailsSchema, headers },
} as const;

/** What {@link startRun} needs. */
export interface StartRunArgs {
  readonly flowId: string;
  /** What the trigger gives to the steps; `{}` when undefined. */
  readonly input: unknown;
  /** Where to start; the first trigger that can be started by hand when undefined. */
  readonly triggerNode: string | undefined;
  /** Seconds to wait for the end, 0 = answer at once. */
  readonly waitSeconds: number;
}

/**
 * Starts a run as the caller of a request, under its `Idempotency-Key`, and runs its first steps in this isolate. No
 * worker is woken: if this isolate dies, the next tick gives the run to one.
 *
 * @returns The answer: 202 with the run, or 200 with its steps when it has ended within `waitSeconds`.
 * @throws {AppError} What `start_run` refuses: `not_found`, `forbidden`, `flow_inactive`, `idempotency_mismatch`,
 * `invalid_request` for a trigger node that the flow lacks, `payload_too_large`.
 */
export async function startRun(
  c: RouteContext<UserAccess>,
  args: StartRunArgs,
): Promise<Reply<202, Run> | Reply<200, RunDetails>> {
  const { db, env, traceparent, signal } = c.var.request;
  const run = await rpc<Run>(db, "start_run", {
    p_flow_id: args.flowId,
    p_input: args.input ?? {},
    p_trigger_node: args.triggerNode ?? null,
    p_idempotency_key: readIdempotencyKey(c),
    p_traceparent: traceparent,
    p_wake: false,
  });
  waitUntil(runInline(env, run.id));
  const location = { Location: resourceUrl(c, "runs", run.id) };
  if (args.waitSeconds > 0 && await waitForEnd(db, run.id, args.waitSeconds, signal)) {
    return reply(200, await findRun(db, run.id), location);
  }
  return reply(202, run, location);
}

import { z } from "zod";
import { rpc } from "../db/mod.ts";
import {
  jsonSchema,
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

/** A dry run, in bodies of routes that start a run. */
export const dryRunSchema = z.strictObject({
  pins: z.record(z.string().min(1).max(64), jsonSchema).default({}).meta({
    description: "Outputs by node id that stand in for running the node, 256 KiB at most; " +
      '`{"$error": {code, message}}` lets it fail',
  }),
}).meta({ id: "DryRun", description: "Runs without doing anything to the outside: no effect is performed" });

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
  /** The entity that moves with the run. */
  readonly entityId?: string | undefined;
  /** A dry run; a real one when undefined. */
  readonly dryRun?: z.infer<typeof dryRunSchema> | undefined;
  /** Seconds to wait for the end, 0 = answer at once. */
  readonly waitSeconds: number;
}

/** What {@link startGraph} needs. */
export interface StartGraphArgs extends Omit<StartRunArgs, "flowId" | "entityId"> {
  /** A graph that compiles. */
  readonly graph: unknown;
  /** The flow among whose runs it appears; none when undefined. */
  readonly flowId: string | undefined;
}

/**
 * Starts a run as the caller of a request, under its `Idempotency-Key`, and runs its first steps in this isolate. No
 * worker is woken: if this isolate dies, the next tick gives the run to one.
 *
 * @returns The answer: 202 with the run, or 200 with its steps when it has ended within `waitSeconds`.
 * @throws {AppError} What `start_run` refuses: `not_found`, `forbidden`, `flow_inactive`, `run_limit_reached`,
 * `idempotency_mismatch`, `invalid_request` for a trigger node or pin that the flow lacks, `payload_too_large`.
 */
export async function startRun(c: RouteContext<UserAccess>, args: StartRunArgs): Promise<StartReply> {
  const run = await rpc<Run>(c.var.request.db, "start_run", {
    ...commonArgs(c, args),
    p_flow_id: args.flowId,
    p_entity_id: args.entityId ?? null,
  });
  return await answer(c, run, args.waitSeconds);
}

/**
 * Runs a graph that is not saved, as {@link startRun} runs a flow.
 *
 * @throws {AppError} As there; `flow_invalid` for what is no graph at all.
 */
export async function startGraph(c: RouteContext<UserAccess>, args: StartGraphArgs): Promise<StartReply> {
  const run = await rpc<Run>(c.var.request.db, "execute_graph", {
    ...commonArgs(c, args),
    p_organization_id: c.var.request.organizationId,
    p_graph: args.graph,
    p_flow_id: args.flowId ?? null,
  });
  return await answer(c, run, args.waitSeconds);
}

type StartReply = Reply<202, Run> | Reply<200, RunDetails>;

function commonArgs(c: RouteContext<UserAccess>, args: Pick<StartRunArgs, "input" | "triggerNode" | "dryRun">) {
  return {
    p_input: args.input ?? {},
    p_trigger_node: args.triggerNode ?? null,
    p_pins: args.dryRun?.pins ?? null,
    p_idempotency_key: readIdempotencyKey(c),
    p_traceparent: c.var.request.traceparent,
    p_wake: false,
  };
}

async function answer(c: RouteContext<UserAccess>, run: Run, waitSeconds: number): Promise<StartReply> {
  const { db, env, signal } = c.var.request;
  waitUntil(runInline(env, run.id));
  const location = { Location: resourceUrl(c, "runs", run.id) };
  if (waitSeconds > 0 && await waitForEnd(db, run.id, waitSeconds, signal)) {
    return reply(200, await findRun(db, run.id), location);
  }
  return reply(202, run, location);
}

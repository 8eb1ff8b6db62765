import type { z } from "zod";
import {
  asResult,
  type DatabaseClient,
  type ListOptions,
  openList,
  type Page,
  rpc,
  signCursor,
} from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import type { RunFacts } from "./explain_run.ts";
import type { EventPosition } from "./event_position.ts";
import { RUN_STEPS, RUNS, WAITING_STEPS } from "./lists.ts";
import {
  type Run,
  type RunDetails,
  type RunState,
  type RunSummary,
  type Step,
  type StoredRun,
  toRunDetails,
} from "../../shared/runs/mod.ts";
import type { WaitingStep } from "./schemas.ts";

/** Writes a run that takes over the completed steps of another. Nobody is woken for it: see `runInline`. */
export function createRetry(db: DatabaseClient, id: string, idempotencyKey: string | null): Promise<Run> {
  return rpc<Run>(db, "retry_run", { p_run_id: id, p_idempotency_key: idempotencyKey, p_wake: false });
}

/** A page of the organization's runs; with `fields`, only those are read. */
export function findRuns(context: UserContext, query: AnyListQuery): Promise<Page<RunSummary>> {
  const runs = context.db.from("runs").select(RUNS.columns(query)).eq("organization_id", context.organizationId);
  return RUNS.find(asResult<RunSummary[]>(runs), context, query);
}

/** The newest run of a flow, with its steps and where it stands. */
export async function findLatestRun(db: DatabaseClient, flowId: string): Promise<RunDetails> {
  return toRunDetails(await rpc<StoredRun | null>(db, "get_latest_run", { p_flow_id: flowId }));
}

/** Which steps of a run to list. */
export type StepsQuery = z.output<typeof RUN_STEPS.query>;

/** A page of a run's steps in order of their end. */
export async function findSteps(
  context: UserContext,
  id: string,
  query: StepsQuery,
): Promise<Page<Step>> {
  const options = RUN_STEPS.options(context, query, { run_id: id });
  const { after, ascending } = await openList(options);
  const page = await rpc<{ steps: Step[]; more: boolean } | null>(context.db, "list_run_steps", {
    p_run_id: id,
    p_from: after?.value ?? null,
    p_after: after?.id ?? "",
    p_limit: query.limit,
    p_descending: !ascending,
    p_status: query.status ?? null,
    p_node_id: query.node_id ?? null,
  });
  if (page === null) throw notFound("run");
  // The database may give fewer than were asked for, when their outputs are large: `more` tells the end.
  return await stepsPage(options, page.steps, page.more);
}

/** The same page, of steps that come from elsewhere: all of the run, in their order. */
export async function pageOfSteps(
  context: UserContext,
  id: string,
  query: StepsQuery,
  all: AsyncGenerator<Step>,
): Promise<Page<Step>> {
  const options = RUN_STEPS.options(context, query, { run_id: id });
  const { after, ascending } = await openList(options);
  const steps: Step[] = [];
  if (!ascending) return await pageFromEnd(options, query, all, after?.id);
  let reached = after === undefined;
  for await (const step of all) {
    const isWanted = isOneOf(step, query);
    if (reached && isWanted && steps.length === query.limit) return await stepsPage(options, steps, true);
    if (reached && isWanted) steps.push(step);
    reached ||= step.id === after?.id;
  }
  return await stepsPage(options, steps, false);
}

function isOneOf(step: Step, { status, node_id: nodeId }: StepsQuery): boolean {
  return (status === undefined || status.includes(step.status)) && (nodeId === undefined || step.node_id === nodeId);
}

/** Never more than a page and one step in memory, whatever the run's size. */
async function pageFromEnd(
  options: ListOptions,
  query: StepsQuery,
  all: AsyncGenerator<Step>,
  before: string | undefined,
): Promise<Page<Step>> {
  const last: Step[] = [];
  for await (const step of all) {
    if (step.id === before) break;
    if (isOneOf(step, query)) last.push(step);
    if (last.length > query.limit + 1) last.shift();
  }
  const steps = last.toReversed();
  return await stepsPage(options, steps.slice(0, query.limit), steps.length > query.limit);
}

async function stepsPage(options: ListOptions, steps: Step[], more: boolean): Promise<Page<Step>> {
  const last = steps.at(-1);
  if (!more || last === undefined) return { data: steps, next_cursor: null };
  const position = { value: last.finished_at, id: last.id };
  return { data: steps, next_cursor: await signCursor(options.secret, options, position) };
}

/** Ends a run: pending steps are dropped, a running step is fenced off. */
export function endRun(db: DatabaseClient, id: string): Promise<Run> {
  return rpc<Run>(db, "cancel_run", { p_run_id: id });
}

/** Pauses a run. */
export function holdRun(db: DatabaseClient, id: string): Promise<Run> {
  return rpc<Run>(db, "pause_run", { p_run_id: id });
}

/** Lets a paused run go on. Nobody is woken for it: see `runInline`. */
export function releaseRun(db: DatabaseClient, id: string): Promise<Run> {
  return rpc<Run>(db, "resume_run", { p_run_id: id, p_wake: false });
}

/** Deletes a run that has ended. */
export async function removeRun(db: DatabaseClient, id: string): Promise<void> {
  await rpc(db, "delete_run", { p_run_id: id });
}

/** A step with the short key that stands for it in event ids. */
export type KeyedStep = Step & { readonly key: string };

/** A place at which a run waits. */
export interface Wait {
  /** The node; null = at the start. */
  readonly node_id: string | null;
  readonly scope: string;
  /** timer, signal, approval, callback, decision, run (another run) or limit (how many runs may go on at once). */
  readonly kind: string;
  /** The signal's or the limit's name. */
  readonly name: string | null;
  /** What the node shows to people. */
  readonly data: unknown;
  /** The run that is waited for. */
  readonly run_id: string | null;
  /** When it gives up waiting; null = with the run. */
  readonly until: string | null;
}

/** What is new about a run. */
export interface RunProgress extends RunState {
  readonly output: unknown;
  /** No step will appear any more that ended before this. */
  readonly complete_until: string;
  /** Where it waits for something to happen, in the order in which it began to. */
  readonly waiting: readonly Wait[];
  readonly steps: KeyedStep[];
  /** Whether there are further new steps right now. */
  readonly more: boolean;
}

/** What is new about a run to a client that is at `position`. */
export async function findProgress(
  db: DatabaseClient,
  id: string,
  { since, seen }: EventPosition,
  signal: AbortSignal,
): Promise<RunProgress> {
  const from = since === 0 ? null : new Date(since).toISOString();
  const args = { p_run_id: id, p_since: from, p_seen: seen };
  const progress = await rpc<RunProgress | null>(db, "get_run_progress", args, { signal });
  if (progress === null) throw notFound("run");
  return progress;
}

/** What became of a signal. */
export interface SentSignal {
  readonly run_id: string;
  readonly name: string;
  readonly delivered: boolean;
  readonly node_id: string | null;
  readonly scope: string | null;
}

/** Sends a signal to a run. Nobody is woken for it: see `runInline`. */
export function sendSignal(
  db: DatabaseClient,
  signal: { runId: string; name: string; data: unknown; idempotencyKey: string | null },
): Promise<SentSignal> {
  return rpc<SentSignal>(db, "signal_run", {
    p_run_id: signal.runId,
    p_name: signal.name,
    p_data: signal.data ?? null,
    p_wake: false,
    p_idempotency_key: signal.idempotencyKey,
  });
}

/** A decision about a step. */
export interface Decision {
  readonly runId: string;
  readonly nodeId: string;
  readonly scope: string;
  readonly decision: Readonly<Record<string, unknown>>;
}

/** What {@linkcode decideStep} answers. */
export interface Decided {
  readonly run_id: string;
  readonly node_id: string;
  readonly scope: string;
  readonly kind: "approval" | "decision";
  readonly comment: string | null;
  readonly user_id: string | null;
  readonly decided_at: string;
}

/** Decides a step that waits for a person. Nobody is woken for it: see `runInline`. */
export function decideStep(db: DatabaseClient, { runId, nodeId, scope, decision }: Decision): Promise<Decided> {
  return rpc<Decided>(db, "decide_step", {
    p_run_id: runId,
    p_node_id: nodeId,
    p_scope: scope,
    p_decision: decision,
    p_wake: false,
  });
}

/** A page of the organization's steps that wait for something. */
export async function findWaiting(
  context: UserContext,
  query: z.output<typeof WAITING_STEPS.query>,
): Promise<Page<WaitingStep>> {
  const list = await WAITING_STEPS.open(context, query);
  return await list.page(
    await rpc<WaitingStep[] | null>(context.db, "list_waiting_steps", {
      p_organization_id: context.organizationId,
      p_kinds: query.kind ?? ["approval", "decision"],
      p_flow_id: query.flow_id ?? null,
      p_after: list.after?.id ?? null,
      p_limit: list.fetchCount,
      p_descending: !list.ascending,
    }) ?? [],
  );
}

/** What {@linkcode createRerun} takes. */
export interface Rerun {
  readonly runId: string;
  /** The node to begin at; null = everything is done anew. */
  readonly from: string | null;
  /** Null = the same. */
  readonly input: unknown;
  readonly outputs: Readonly<Record<string, unknown>> | null;
  readonly currentVersion: boolean;
  readonly idempotencyKey: string | null;
}

/** Repeats a run, from a node on or as a whole. Nobody is woken for it: see `runInline`. */
export function createRerun(db: DatabaseClient, rerun: Rerun): Promise<Run> {
  return rpc<Run>(db, "rerun_run", {
    p_run_id: rerun.runId,
    p_from: rerun.from,
    p_input: rerun.input,
    p_outputs: rerun.outputs,
    p_current_version: rerun.currentVersion,
    p_idempotency_key: rerun.idempotencyKey,
    p_wake: false,
  });
}

/** Tries a step again. Nobody is woken for it: see `runInline`. */
export function retryStep(
  db: DatabaseClient,
  step: { runId: string; nodeId: string; scope: string; idempotencyKey: string | null },
): Promise<{ began: "attempt" | "run"; run: Run }> {
  return rpc(db, "retry_step", {
    p_run_id: step.runId,
    p_node_id: step.nodeId,
    p_scope: step.scope,
    p_idempotency_key: step.idempotencyKey,
    p_wake: false,
  });
}

/**
 * What the database knows of why a run is where it is.
 *
 * @throws {AppError} `not_found`.
 */
export async function findRunFacts(db: DatabaseClient, id: string): Promise<RunFacts> {
  const facts = await rpc<RunFacts | null>(db, "explain_run", { p_run_id: id });
  if (facts === null) throw notFound("run");
  return facts;
}

import {
  asResult,
  type DatabaseClient,
  type ListOptions,
  listPage,
  openList,
  type Page,
  rpc,
  signCursor,
} from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import { listOptions, type PageQuery, type UserContext } from "../../shared/http/mod.ts";
import type { RunFacts } from "./explain_run.ts";
import type { EventPosition } from "./event_position.ts";
import { idFloor } from "./id_floor.ts";
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

/** Filters of {@link findRuns}. */
export interface FindRunsQuery extends PageQuery<"created_at" | "-created_at"> {
  readonly flow_id?: string | undefined;
  readonly status?: readonly string[] | undefined;
  readonly trigger?: readonly string[] | undefined;
  readonly retry_of?: string | undefined;
  readonly entity_id?: string | undefined;
  readonly parent_run_id?: string | undefined;
  readonly flow_version_id?: string | undefined;
  readonly schedule_id?: string | undefined;
  readonly created_after?: string | undefined;
  readonly created_before?: string | undefined;
}

const SUMMARY_COLUMNS = "id, organization_id, flow_id, flow_version_id, status, trigger, trigger_node, " +
  "webhook_event_id, retry_of, parent_run_id, entity_id, schedule_id, concurrency_key, error, created_by, deadline_at, started_at, finished_at, created_at";

/** A page of the organization's runs. Ids are ordered by time, so the order and the time filters are those of the id. */
export function findRuns(context: UserContext, query: FindRunsQuery): Promise<Page<RunSummary>> {
  let runs = context.db.from("runs").select(SUMMARY_COLUMNS).eq("organization_id", context.organizationId);
  if (query.flow_id !== undefined) runs = runs.eq("flow_id", query.flow_id);
  if (query.status !== undefined) runs = runs.in("status", [...query.status]);
  if (query.trigger !== undefined) runs = runs.in("trigger", [...query.trigger]);
  if (query.retry_of !== undefined) runs = runs.eq("retry_of", query.retry_of);
  if (query.entity_id !== undefined) runs = runs.eq("entity_id", query.entity_id);
  if (query.flow_version_id !== undefined) runs = runs.eq("flow_version_id", query.flow_version_id);
  if (query.parent_run_id !== undefined) runs = runs.eq("parent_run_id", query.parent_run_id);
  if (query.schedule_id !== undefined) runs = runs.eq("schedule_id", query.schedule_id);
  if (query.created_after !== undefined) runs = runs.gte("id", idFloor(query.created_after));
  if (query.created_before !== undefined) runs = runs.lt("id", idFloor(query.created_before));
  const sort = query.sort === "created_at" ? "id" : "-id";
  return listPage(asResult<RunSummary[]>(runs), {
    ...listOptions(context, "runs", query),
    sort,
  });
}

/** The newest run of a flow, with its steps and where it stands. */
export async function findLatestRun(db: DatabaseClient, flowId: string): Promise<RunDetails> {
  return toRunDetails(await rpc<StoredRun | null>(db, "get_latest_run", { p_flow_id: flowId }));
}

/** A page of a run's steps in order of their end. */
export async function findSteps(
  context: UserContext,
  id: string,
  query: PageQuery<"finished_at">,
): Promise<Page<Step>> {
  const options = listOptions(context, "run_steps", query, { run_id: id });
  const { after } = await openList(options);
  const page = await rpc<{ steps: Step[]; more: boolean } | null>(context.db, "list_run_steps", {
    p_run_id: id,
    p_from: after?.value ?? null,
    p_after: after?.id ?? "",
    p_limit: query.limit,
  });
  if (page === null) throw notFound("run");
  // The database may give fewer than were asked for, when their outputs are large: `more` tells the end.
  return await stepsPage(options, page.steps, page.more);
}

/** The same page, of steps that come from elsewhere: all of the run, in their order. */
export async function pageOfSteps(
  context: UserContext,
  id: string,
  query: PageQuery<"finished_at">,
  all: AsyncGenerator<Step>,
): Promise<Page<Step>> {
  const options = listOptions(context, "run_steps", query, { run_id: id });
  const { after } = await openList(options);
  const steps: Step[] = [];
  let reached = after === undefined;
  for await (const step of all) {
    if (steps.length === query.limit) return await stepsPage(options, steps, true);
    if (reached) steps.push(step);
    reached ||= step.id === after?.id;
  }
  return await stepsPage(options, steps, false);
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
export function sendSignal(db: DatabaseClient, id: string, name: string, data: unknown): Promise<SentSignal> {
  return rpc<SentSignal>(db, "signal_run", { p_run_id: id, p_name: name, p_data: data ?? null, p_wake: false });
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
  query: PageQuery<"id"> & {
    readonly kind: readonly string[];
    readonly flow_id?: string | undefined;
  },
): Promise<Page<WaitingStep>> {
  const list = await openList(listOptions(context, "waiting_steps", query));
  return await list.page(
    await rpc<WaitingStep[] | null>(context.db, "list_waiting_steps", {
      p_organization_id: context.organizationId,
      p_kinds: query.kind,
      p_flow_id: query.flow_id ?? null,
      p_after: list.after?.id ?? null,
      p_limit: list.fetchCount,
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

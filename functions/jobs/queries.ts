/**
 * Database calls of jobs. A user calls the functions of `public`, which ask for permissions; an operator, with a secret
 * key, those of `engine` by the same names.
 *
 * @module
 */
import { type List, type Page, rpc } from "../../shared/db/mod.ts";
import { filterOf, type RequestContext, type UserOrSecretAccess } from "../../shared/http/mod.ts";
import type { z } from "zod";
import { DEAD_LETTERS, JOBS } from "./lists.ts";
import type { Job, JobSummary, QueueStats } from "./schemas.ts";

/** Whoever may call: a user, or an operator. */
export type JobsContext = RequestContext<UserOrSecretAccess>;

function call<T>(context: JobsContext, name: string, args: Readonly<Record<string, unknown>>): Promise<T> {
  return rpc<T>(context.db, name, args, { schema: context.caller === "secret" ? "engine" : "public" });
}

/** A page of jobs: of the organization, or of all for an operator who names none. */
export async function findJobs(context: JobsContext, query: z.output<typeof JOBS.query>): Promise<Page<JobSummary>> {
  const list = await JOBS.open(context, query);
  return await list.page(await callForJobs(context, list, filterOf(query)));
}

/** A page of dead letters that nobody has repeated. */
export async function findDeadLetters(
  context: JobsContext,
  query: z.output<typeof DEAD_LETTERS.query>,
): Promise<Page<JobSummary>> {
  const list = await DEAD_LETTERS.open(context, query);
  return await list.page(await callForJobs(context, list, { ...filterOf(query), open: true }));
}

function callForJobs(context: JobsContext, list: List, filter: object): Promise<JobSummary[]> {
  return call<JobSummary[]>(context, "list_jobs", {
    p_organization_id: context.organizationId,
    p_filter: filter,
    p_after: list.after?.id ?? null,
    p_ascending: list.ascending,
    p_limit: list.fetchCount,
  });
}

/**
 * A job wherever it is.
 *
 * @throws {AppError} `not_found`.
 */
export function findJob(context: JobsContext, id: string): Promise<Job> {
  return call<Job>(context, "get_job", { p_job_id: id });
}

/** What can be done to a job. */
export type JobAction = "cancel_job" | "run_job_now";

/**
 * Does something to a job.
 *
 * @throws {AppError} `not_found`, `conflict` when its state is not for that.
 */
export function changeJob(context: JobsContext, action: JobAction, id: string): Promise<Job> {
  return call<Job>(context, action, { p_job_id: id });
}

/**
 * Does a job once more that has ended.
 *
 * @returns The new job.
 * @throws {AppError} `not_found`, `conflict`, `idempotency_mismatch`.
 */
export function repeatJob(context: JobsContext, id: string, idempotencyKey: string | null): Promise<Job> {
  return call<Job>(context, "retry_job", { p_job_id: id, p_idempotency_key: idempotencyKey });
}

/** How many dead letters are meant, and whether only to count them. */
export interface DeadLetters {
  readonly filter: Readonly<Record<string, unknown>>;
  readonly limit: number;
  readonly dry_run: boolean;
}

/** Repeats or deletes many dead letters. */
export function changeDeadLetters<T>(
  context: JobsContext,
  action: "replay_dead_letters" | "discard_dead_letters",
  { filter, limit, dry_run }: DeadLetters,
): Promise<T> {
  return call<T>(context, action, {
    p_organization_id: context.organizationId,
    p_filter: filter,
    p_limit: limit,
    p_dry_run: dry_run,
  });
}

/** Deletes a dead letter. */
export async function removeDeadLetter(context: JobsContext, id: string): Promise<void> {
  await call(context, "discard_dead_letter", { p_job_id: id });
}

/** The numbers of the queue. */
export function findQueueStats(context: JobsContext, minutes: number): Promise<QueueStats> {
  return call<QueueStats>(context, "queue_statistics", {
    p_organization_id: context.organizationId,
    p_minutes: minutes,
  });
}

/** What became of a job that was to be enqueued. */
export interface Enqueued {
  readonly id: string | null;
  readonly status: "enqueued" | "replaced" | "kept" | "rejected";
}

/** Enqueues jobs as the service. */
export function insertJobs(
  context: RequestContext,
  jobs: readonly Readonly<Record<string, unknown>>[],
  idempotencyKey: string | null,
): Promise<Enqueued[]> {
  const args = { p_jobs: jobs, p_idempotency_key: idempotencyKey };
  return rpc<Enqueued[]>(context.db, "enqueue_jobs_once", args, { schema: "engine" });
}

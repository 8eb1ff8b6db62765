/**
 * Database calls of system tasks: for operators only.
 *
 * @module
 */
import { type Page, rpc } from "../../shared/db/mod.ts";
import type { z } from "zod";
import type { AnyListQuery, RequestContext } from "../../shared/http/mod.ts";
import { readCron } from "../../shared/schedules/mod.ts";
import { TASK_RUNS, TASKS } from "./lists.ts";
import type { Task, TaskChanges, TaskRun } from "./task_schemas.ts";

/** A task as the database gives it: it does not know when cron expressions are due. */
type StoredTask = Omit<Task, "next_run_at">;

/** A page of the system tasks. */
export function findTasks(context: RequestContext, query: AnyListQuery): Promise<Page<Task>> {
  const read = async () =>
    (await rpc<StoredTask[]>(context.db, "list_tasks", {}, { schema: "engine" })).map(withNextRun);
  return TASKS.pageOf(read, context, query);
}

/**
 * A page of the history of a task, newest first.
 *
 * @throws {AppError} `not_found`.
 */
export async function findTaskRuns(
  context: RequestContext,
  name: string,
  query: z.output<typeof TASK_RUNS.query>,
): Promise<Page<TaskRun>> {
  const list = await TASK_RUNS.open(context, query, { name });
  const rows = await rpc<TaskRun[]>(context.db, "list_task_runs", {
    p_name: name,
    p_limit: list.fetchCount,
    p_after: list.after?.id ?? null,
    p_ascending: list.ascending,
    p_status: query.status ?? null,
    p_trigger: query.trigger ?? null,
  }, { schema: "engine" });
  return await list.page(rows);
}

/**
 * Asks for a run of a task.
 *
 * @throws {AppError} `not_found`; `conflict` while one is under way.
 */
export function requestTask(
  context: RequestContext,
  name: string,
  idempotencyKey: string | null,
): Promise<TaskRun> {
  const args = { p_name: name, p_idempotency_key: idempotencyKey };
  return rpc<TaskRun>(context.db, "request_task", args, { schema: "engine" });
}

/**
 * Changes when, and whether, a task runs.
 *
 * @throws {AppError} `not_found`.
 */
export async function saveTask(context: RequestContext, name: string, changes: TaskChanges): Promise<Task> {
  const args = { p_name: name, p_changes: changes };
  return withNextRun(await rpc<StoredTask>(context.db, "update_task", args, { schema: "engine" }));
}

function withNextRun(task: StoredTask): Task {
  const cron = readCron(task.cron);
  // Wall-clock times as if they were UTC: pg_cron's clock is GMT.
  const next = task.is_enabled && task.is_scheduled && cron.ok ? cron.pattern.next(Date.now()) : null;
  return { ...task, next_run_at: next === null ? null : new Date(next).toISOString() };
}

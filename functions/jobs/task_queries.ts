/**
 * Database calls of system tasks: for operators only.
 *
 * @module
 */
import { openList, type Page, rpc } from "../../shared/db/mod.ts";
import { listOptions, type PageQuery, type RequestContext } from "../../shared/http/mod.ts";
import { readCron } from "../../shared/schedules/mod.ts";
import type { Task, TaskChanges, TaskRun } from "./task_schemas.ts";

/** A task as the database gives it: it does not know when cron expressions are due. */
type StoredTask = Omit<Task, "next_run_at">;

/** All system tasks, by name. */
export async function findTasks(context: RequestContext): Promise<Task[]> {
  const tasks = await rpc<StoredTask[]>(context.db, "list_tasks", {}, { schema: "engine" });
  return tasks.map(withNextRun);
}

/**
 * A page of the history of a task, newest first.
 *
 * @throws {AppError} `not_found`.
 */
export async function findTaskRuns(context: RequestContext, name: string, query: PageQuery): Promise<Page<TaskRun>> {
  const list = await openList(listOptions(context, "task_runs", query, { name }));
  const rows = await rpc<TaskRun[]>(context.db, "list_task_runs", {
    p_name: name,
    p_limit: list.fetchCount,
    p_before: list.after?.id ?? null,
  }, { schema: "engine" });
  return await list.page(rows);
}

/**
 * Asks for a run of a task.
 *
 * @throws {AppError} `not_found`; `conflict` while one is under way.
 */
export function requestTask(context: RequestContext, name: string): Promise<TaskRun> {
  return rpc<TaskRun>(context.db, "request_task", { p_name: name }, { schema: "engine" });
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

import { asResult, type DatabaseClient, type Page, rpc, runSingle } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { FIRINGS, SCHEDULES } from "./lists.ts";
import type { Firing, Schedule, Triggered } from "./schemas.ts";

const COLUMNS = "id, organization_id, flow_id, name, cron, timezone, starts_at, ends_at, jitter_seconds, " +
  "missed_policy, missed_limit, overlap_policy, input, trigger_node, is_active, next_at, fire_at, queued_count, " +
  "last_run_id, last_fired_at, created_by, version, created_at, updated_at";

/** A page of the organization's schedules. */
export function findSchedules(context: UserContext, query: AnyListQuery): Promise<Page<Schedule>> {
  const rows = context.db.from("schedules").select(COLUMNS).eq("organization_id", context.organizationId);
  return SCHEDULES.find(asResult<Schedule[]>(rows), context, query);
}

/**
 * A schedule.
 *
 * @throws {AppError} `not_found`.
 */
export function findSchedule(db: DatabaseClient, id: string): Promise<Schedule> {
  const query = db.from("schedules").select(COLUMNS).eq("id", id).maybeSingle();
  return runSingle(asResult<Schedule>(query), () => notFound("schedule"));
}

/** What {@link insertSchedule} takes. */
export interface ScheduleInsert {
  readonly flowId: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Its due times to come, ISO timestamps. */
  readonly upcoming: readonly string[];
  readonly idempotencyKey: string | null;
}

/** Makes a schedule. */
export function insertSchedule(db: DatabaseClient, schedule: ScheduleInsert): Promise<Schedule> {
  return rpc<Schedule>(db, "create_schedule", {
    p_flow_id: schedule.flowId,
    p_settings: schedule.settings,
    p_upcoming: schedule.upcoming,
    p_idempotency_key: schedule.idempotencyKey,
  });
}

/** What {@link saveSchedule} takes. */
export interface ScheduleUpdate {
  readonly flowId: string | null;
  readonly changes: Readonly<Record<string, unknown>>;
  /** Its due times to come, when the timing changes. */
  readonly upcoming: readonly string[] | null;
  /** The row version it must have; null = any. */
  readonly version: number | null;
}

/** Changes a schedule. */
export function saveSchedule(db: DatabaseClient, id: string, update: ScheduleUpdate): Promise<Schedule> {
  return rpc<Schedule>(db, "update_schedule", {
    p_schedule_id: id,
    p_changes: update.changes,
    p_upcoming: update.upcoming,
    p_flow_id: update.flowId,
    p_if_version: update.version,
  });
}

/** Deletes a schedule with its history. */
export async function removeSchedule(db: DatabaseClient, id: string, version: number | null): Promise<void> {
  await rpc(db, "delete_schedule", { p_schedule_id: id, p_if_version: version });
}

/** Starts a run of a schedule now. */
export function fireSchedule(db: DatabaseClient, id: string, idempotencyKey: string | null): Promise<Triggered> {
  return rpc<Triggered>(db, "trigger_schedule", { p_schedule_id: id, p_idempotency_key: idempotencyKey });
}

/**
 * A page of what became of a schedule's due times.
 *
 * @throws {AppError} `not_found`.
 */
export async function findFirings(context: UserContext, id: string, query: AnyListQuery): Promise<Page<Firing>> {
  const rows = context.db.from("schedule_firings")
    .select("scheduled_for, fired_at, outcome, reason, run_id, is_manual, triggered_by").eq("schedule_id", id);
  const page = await FIRINGS.find(asResult<Firing[]>(rows), context, query, { schedule_id: id });
  // Only an empty list leaves open whether there is such a schedule.
  if (page.data.length === 0) await findSchedule(context.db, id);
  return page;
}

import { readTiming, refillTimes, upcomingTimes } from "../../shared/schedules/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { type Arguments, createFlow, createTenant, rpc, service, type Tenant } from "./_world.ts";

/** A schedule, as the functions that write schedules answer. */
export interface Schedule {
  id: string;
  next_at: string | null;
  fire_at: string | null;
  version: number;
  queued_count: number;
  last_run_id: string | null;
  [column: string]: Json;
}

/** What became of a due time: `10:00 started missed`. */
export type Firing = string;

/** A tenant with a flow that a schedule starts, and nobody else's schedules. */
export async function tenantWithSchedule(
  db: TestDatabase,
  settings: Record<string, Json> = {},
  now = "2030-01-01T00:30:00Z",
): Promise<{ tenant: Tenant; flow: string; schedule: Schedule }> {
  await db.sql`delete from public.schedules`;
  const tenant = await createTenant(db);
  const flow = await createFlow(db, tenant);
  return { tenant, flow, schedule: await create(db, tenant, flow, settings, now) };
}

/** Makes a schedule: hourly in UTC, unless the settings say otherwise. */
export async function create(
  db: TestDatabase,
  tenant: Tenant,
  flow: string,
  settings: Record<string, Json> = {},
  now = "2030-01-01T00:30:00Z",
  rest: Arguments = {},
): Promise<Schedule> {
  const all = { name: "Hourly", cron: "0 * * * *", timezone: "UTC", ...settings };
  return await rpc<Schedule>(db, tenant.user, "create_schedule", {
    p_flow_id: flow,
    p_settings: all,
    p_upcoming: upcoming(all, now),
    ...rest,
  }, { now });
}

/** The due times that the service works out. */
export function upcoming(settings: Record<string, Json>, now: string): string[] {
  return upcomingTimes(readTiming(settings as { cron: string; timezone: string }), Date.parse(now));
}

/** Turns the clock of schedules alone. */
export async function fire(db: TestDatabase, now: string): Promise<number> {
  return await db.sql.begin(async (sql) => {
    await sql`select set_config('millrace.now', ${now}, true)`;
    const [row] = await sql`select private.fire_schedules(${now}) as decided`;
    return row?.decided;
  }) as number;
}

/** Works out anew what is asked for, as the worker does. */
export async function refill(db: TestDatabase, now: string): Promise<number> {
  type Entry = { id: string; version: number; cron: string; timezone: string; decided_until: string };
  const entries = await service<Entry[]>(db, "list_schedules_to_refill", {}, { now });
  const lists = entries.map((entry) => ({
    id: entry.id,
    version: entry.version,
    upcoming: refillTimes(readTiming(entry), Date.parse(entry.decided_until), Date.parse(now)),
  }));
  return await service<number>(db, "store_upcoming", { p_lists: lists }, { now });
}

/** The history, oldest first. */
export async function history(db: TestDatabase, id: string): Promise<Firing[]> {
  const rows = await db.sql`
    select to_char(scheduled_for at time zone 'UTC', 'DD HH24:MI') as at, outcome, reason
    from public.schedule_firings where schedule_id = ${id} and not is_manual order by scheduled_for`;
  return rows.map(({ at, outcome, reason }) => [at, outcome, ...(reason === null ? [] : [reason])].join(" "));
}

/** Runs of a schedule by their state, oldest first. */
export async function runs(db: TestDatabase, id: string): Promise<{ id: string; status: string; input: Json }[]> {
  const rows = await db.sql`
    select id, status, input from public.runs where schedule_id = ${id} order by input ->> 'scheduled_for'`;
  return rows.map((row) => ({ id: row.id, status: row.status, input: row.input }));
}

/** Ends a run well. */
export async function endRun(db: TestDatabase, runId: string): Promise<void> {
  await db.sql`select private.end_run(${runId}, 'completed')`;
}

/** A schedule's row. */
export async function read(db: TestDatabase, id: string): Promise<Record<string, Json>> {
  const [row] = await db.sql`select to_jsonb(s) as row from public.schedules s where id = ${id}`;
  return row?.row;
}

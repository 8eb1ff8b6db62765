/**
 * Tables of tenants, and what engine.on_change makes of their changes.
 *
 * @module
 */
import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { createFlow, createTenant, service, type Tenant } from "./_world.ts";

/** A row of engine.changes. */
export interface Change {
  id: string;
  table: string;
  state: string;
  name: string;
  operations: string[];
  skipped: number;
  skipped_because: Record<string, number> | null;
}

/** What a run is told of a change. */
export interface Input {
  event_id: string;
  type: string;
  operation: string;
  schema: string;
  table: string;
  record: Record<string, Json> | null;
  old_record: Record<string, Json> | null;
  records: { record: Json; old_record: Json }[];
  count: number;
  changed_at: string;
  actor: { user_id: string | null; role: string; email: string | null; claims: Record<string, Json> };
}

/** A run, as far as it matters here. */
export interface Run {
  id: string;
  input: Input;
  trigger: string;
  status: string;
  depth: number;
  parent_run_id: string | null;
  created_by: string | null;
}

let tables = 0;

/** A tenant's table, open to signed-in users for inserts only, and a flow. */
export async function scene(db: TestDatabase): Promise<{ tenant: Tenant; flow: string; table: string }> {
  const tenant = await createTenant(db);
  const flow = await createFlow(db, tenant);
  const table = `orders_${++tables}`;
  await db.sql.unsafe(`
    create table public.${table} (id bigint primary key, status text, total numeric, card text, tags jsonb);
    alter table public.${table} enable row level security;
    create policy adding on public.${table} for insert to authenticated with check (true);
    grant all on public.${table} to authenticated, service_role;`);
  return { tenant, flow, table };
}

/** Calls engine.on_change as the service. */
export const on = (db: TestDatabase, table: string, flow: string, options: { [key: string]: Json } = {}) =>
  service<Change>(db, "on_change", { p_table: `public.${table}`, p_flow_id: flow, p_options: options });

/** The runs of a flow in their order. */
export async function runsOf(db: TestDatabase, flow: string): Promise<Run[]> {
  return [
    ...await db.sql<Run[]>`
      select id, input, trigger, status, depth, parent_run_id, created_by from public.runs
      where flow_id = ${flow} order by id, input ->> 'event_id'`,
  ];
}

/** What the runs of a flow were told, each as operation:id. */
export async function told(db: TestDatabase, flow: string): Promise<string[]> {
  return (await runsOf(db, flow)).map(({ input }) =>
    `${input.operation}:${input.record?.["id"] ?? input.old_record?.["id"]}`
  );
}

/** What engine.changes says. */
export async function change(db: TestDatabase, id: string): Promise<Change> {
  const [row] = await db.as("service_role", {}, (sql) =>
    sql<Change[]>`
    select id, "table", state, name, operations, skipped::int, skipped_because from engine.changes where id = ${id}`);
  return { ...row! };
}

/** Forgets what has been started so far. */
export async function forget(db: TestDatabase, flow: string): Promise<void> {
  await db.sql`delete from public.job_queue j using public.runs r where r.id = j.run_id and r.flow_id = ${flow}`;
  await db.sql`delete from public.runs where flow_id = ${flow}`;
}

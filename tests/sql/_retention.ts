/**
 * Weeks full of runs, and the clock far behind them.
 *
 * @module
 */
import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import type { Job } from "../../shared/engine/mod.ts";
import { claimOne, engineOf, newWorker } from "./_engine.ts";
import { createFlow, createTenant, rpc, service, type Tenant } from "./_world.ts";

/** A week that is long over. */
export const WEEK = "2027-03-01T00:00:00Z";

/** When each plan has let go of it. */
export const AFTER = {
  free: "2027-03-16T00:00:00Z",
  pro: "2027-04-08T00:00:00Z",
  team: "2027-06-07T00:00:00Z",
  enterprise: "2028-03-09T00:00:00Z",
};

/** What a call of `engine.apply_retention` did. */
export interface RetentionReport {
  more: boolean;
  began?: Json;
  copied?: { rows: number };
  swapped?: { rows: number };
  gave_way?: Json;
  failed?: { error: string };
  dropped?: Json;
  deleted?: { rows: number };
  uncounted?: Json;
  webhook_events?: number;
  archives_failing?: number;
  skipped?: boolean;
}

/** The plans, the shortest retention first. */
export const PLANS = ["free", "pro", "team", "enterprise"] as const;

/** A tenant of a plan, with a flow. */
export interface Keeper {
  tenant: Tenant;
  organizationId: string;
  flowId: string;
  versionId: string;
  plan: string;
}

/** A tenant of a plan. */
export async function keeper(db: TestDatabase, plan: string, archives = false): Promise<Keeper> {
  const tenant = await createTenant(db);
  const flowId = await createFlow(db, tenant);
  await db.sql`update public.plans set archives_runs = ${archives} where id = ${plan}`;
  await db.sql`update public.organizations set plan_id = ${plan} where id = ${tenant.organizationId}`;
  await db.sql`delete from private.plan_downgrades`;
  const [row] = await db.sql`select current_version_id as id from public.flows where id = ${flowId}`;
  return { tenant, organizationId: tenant.organizationId, flowId, versionId: row?.id, plan };
}

/** Makes the partitions of the week in which `at` is. */
export async function makeWeek(db: TestDatabase, at: string): Promise<void> {
  await service(db, "ensure_partitions", { p_weeks_ahead: 0 }, { now: at });
}

/** Runs that ended a second after they began, spread over six days from `from` on, each with two steps. */
export async function fill(
  db: TestDatabase,
  { organizationId, flowId, versionId }: Keeper,
  from: string,
  count: number,
) {
  await db.sql.unsafe(
    `
    with made as (
      insert into public.runs (
        id, organization_id, flow_id, flow_version_id, status, trigger, input, output, deadline_at, started_at, finished_at, created_at
      )
      select private.uuid_v7(m.at), $1, $2, $3, 'completed', 'manual', jsonb_build_object('n', n, 'text', repeat('x', 100)),
        jsonb_build_object('sum', n), m.at + interval '1 day', m.at, m.at + interval '1 second', m.at
      from generate_series(1, $5::integer) n
      cross join lateral (select $4::timestamptz + n * interval '6 days' / $5::integer as at) m
      order by n
      returning id, organization_id, started_at
    )
    insert into public.run_steps (run_id, node_id, organization_id, status, leaf, output, started_at, finished_at)
    select m.id, s.node, m.organization_id, 'completed', s.node = 'b', jsonb_build_object('node', s.node, 'text', repeat('y', 50)),
      m.started_at, m.started_at + s.after
    from made m cross join (values ('a', interval '0.5 seconds'), ('b', interval '1 second')) s (node, after)
    order by m.id`,
    [organizationId, flowId, versionId, from, count],
  );
}

/** Lets the statistics see all runs: none is dropped before. */
export async function countAll(db: TestDatabase, now: string): Promise<void> {
  await db.sql.begin(async (sql) => {
    await sql`select set_config('millrace.now', ${now}, true)`;
    await sql`select private.count_runs(10000000)`;
  });
}

/** One call. */
export async function applyOnce(db: TestDatabase, now: string): Promise<RetentionReport> {
  return await service<RetentionReport>(db, "apply_retention", {}, { now });
}

/** Calls until there is nothing more to do, and nobody in the way (autovacuum is); gives what the calls did. */
export async function apply(db: TestDatabase, now: string): Promise<RetentionReport[]> {
  const reports: RetentionReport[] = [];
  for (let call = 0; call < 100; call++) {
    const report = await applyOnce(db, now);
    if (report.gave_way !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      continue;
    }
    reports.push(report);
    if (!report.more) return reports;
  }
  throw new Error(`Retention does not come to an end: ${JSON.stringify(reports.slice(-3))}`);
}

/** How many runs and steps an organization has, and a hash over every byte of them. */
export async function contents(
  db: TestDatabase,
  organizationId: string,
): Promise<{ runs: number; steps: number; hash: string }> {
  const [row] = await db.sql`
    select
      (select count(*)::int from public.runs r where r.organization_id = ${organizationId}) as runs,
      (select count(*)::int from public.run_steps s where s.organization_id = ${organizationId}) as steps,
      md5(
        coalesce((select string_agg(r::text, ',' order by r.id) from public.runs r where r.organization_id = ${organizationId}), '')
        || coalesce((select string_agg(s::text, ',' order by s.run_id, s.node_id, s.scope, s.attempt) from public.run_steps s
          where s.organization_id = ${organizationId}), '')
      ) as hash`;
  return { runs: row?.runs, steps: row?.steps, hash: row?.hash };
}

/** The partitions of runs and steps that there are, without the default ones. */
export async function partitions(db: TestDatabase): Promise<string[]> {
  const rows = await db.sql`
    select c.relname as name from pg_class c where c.relispartition and c.relkind = 'r' and c.relname ~ '_\\d{4}w\\d{2}$' order by 1`;
  return rows.map((row) => row.name);
}

/** A run that was begun in the old week and is leased to a worker. */
export interface OldRun {
  id: string;
  worker: string;
  job: Job;
}

/** Begins a run of the keeper in the old week. */
export async function beginOld(db: TestDatabase, { tenant, flowId }: Keeper, now = WEEK): Promise<OldRun> {
  const { id } = await rpc<{ id: string }>(db, tenant.user, "start_run", { p_flow_id: flowId }, { now });
  const engine = engineOf(db, { now });
  const worker = newWorker();
  return { id, worker, job: await claimOne(engine, worker, id) };
}

import { assert, assertEquals } from "../helpers/assert.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { addMember, createFlow, createTenant, rpc, type Tenant, unusedId } from "./_world.ts";

interface Numbers {
  executions: number;
  executions_today: number;
  by_status: Record<string, number>;
  success_rate: number | null;
  average_duration_ms: number | null;
  p95_duration_ms: number | null;
}

interface Day extends Numbers {
  day: string;
}

const NOW = "2026-11-20T12:00:00Z";

/** Runs of a flow that were started so many seconds before NOW and took so many milliseconds; null = still running. */
async function addRuns(
  db: TestDatabase,
  flowId: string,
  runs: [secondsAgo: number, milliseconds: number | null, status?: string][],
) {
  for (const [secondsAgo, milliseconds, status = milliseconds === null ? "running" : "completed"] of runs) {
    await db.sql`
      insert into public.runs (id, organization_id, flow_id, flow_version_id, status, trigger, input, error, deadline_at,
        started_at, finished_at, created_at)
      select private.uuid_v7(t.at), f.organization_id, f.id, f.current_version_id, ${status}, 'manual', '{}',
        case when ${status} in ('failed', 'compensated') then '{"code": "http_error"}'::jsonb end, t.at + interval '1 day', t.at,
        t.at + ${milliseconds} * interval '1 ms', t.at
      from public.flows f, (select ${NOW}::timestamptz - ${secondsAgo} * interval '1 s' as at) t
      where f.id = ${flowId}`;
  }
}

async function count(db: TestDatabase, limit = 10_000): Promise<number> {
  const rows = await db.sql`
    select private.count_runs(${limit}) as n from set_config('millrace.now', ${NOW}, false)`;
  return rows[0]?.n;
}

function stats(db: TestDatabase, tenant: Tenant): Promise<Numbers> {
  return rpc<Numbers>(db, tenant.user, "get_stats", { p_organization_id: tenant.organizationId }, { now: NOW });
}

function flowStats(
  db: TestDatabase,
  tenant: Tenant,
  flowId: string,
  days: number,
): Promise<Numbers & { series: Day[] }> {
  return rpc(db, tenant.user, "get_flow_stats", { p_flow_id: flowId, p_days: days }, { now: NOW });
}

Deno.test("the numbers are the same before runs are counted, half way and afterwards", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const flow = await createFlow(db, tenant);
    const other = await createFlow(db, tenant, { p_name: "Other", p_is_active: false });
    const day = 86_400;
    await addRuns(db, flow, [
      [10, 100],
      [20, null],
      [600, 200],
      [700, 300, "failed"],
      [800, 5, "cancelled"],
      [day, 400],
      [3 * day, 1_000, "compensated"],
      [6 * day, 2_000],
      [7 * day, 60_000],
    ]);
    await addRuns(db, other, [[650, 700]]);
    const expected = {
      executions: 9,
      executions_today: 6,
      by_status: {
        queued: 0,
        running: 1,
        paused: 0,
        compensating: 0,
        completed: 5,
        failed: 1,
        cancelled: 1,
        compensated: 1,
        compensation_failed: 0,
      },
      success_rate: 0.7143,
      average_duration_ms: 588,
    };
    const check = async () => {
      const found = await stats(db, tenant) as unknown as Record<string, unknown>;
      for (const [name, value] of Object.entries(expected)) assertEquals(found[name], value, name);
      assertEquals([found.total_flows, found.active_flows], [2, 1]);
      assertEquals([found.from, found.to, found.timezone], ["2026-11-14", "2026-11-20", "UTC"]);
      assert(Math.abs(Number(found.p95_duration_ms) - 2_000) <= 400, `${found.p95_duration_ms}`);
      const one = await flowStats(db, tenant, flow, 8);
      assertEquals(one.executions, 9);
      assertEquals(one.series.map(({ executions }) => executions), [1, 1, 0, 0, 1, 0, 1, 5]);
      assertEquals(one.series[6]?.average_duration_ms, 400);
      assertEquals(one.series[2]?.success_rate, null);
      assertEquals((await flowStats(db, tenant, other, 1)).executions, 1);
    };
    await check();
    assertEquals(await count(db, 3), 3);
    await check();
    for (const left of [3, 2, 0]) assertEquals(await count(db, 3), left);
    await check();
    const [kept] = await db.sql`select count(*) as days, sum(completed) as completed from public.run_stats_daily`;
    assertEquals({ ...kept }, { days: "11", completed: "10" });
  }));

Deno.test("a run that was counted while it was open moves when it ends, and goes when it is deleted", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const flow = await createFlow(db, tenant);
    await addRuns(db, flow, [[600, null], [700, null], [800, null], [900, 50]]);
    const [ended, deleted] = await db.sql<{ id: string }[]>`
      select id from public.runs where finished_at is null order by id desc`;
    assertEquals(await count(db), 4);
    assertEquals((await stats(db, tenant)).by_status.running, 3);
    await db.sql`update public.runs set status = 'paused' where id = ${ended!.id}`;
    await count(db);
    assertEquals((await stats(db, tenant)).by_status.paused, 1);
    await db.sql`
      update public.runs set status = 'completed', finished_at = started_at + interval '150 ms' where id = ${
      ended!.id
    }`;
    await db.sql`delete from public.runs where id = ${deleted!.id}`;
    for (let turn = 0; turn < 4; turn++) await count(db, 1);
    const { executions, by_status, average_duration_ms } = await stats(db, tenant);
    assertEquals([executions, by_status.running, by_status.paused, by_status.completed], [3, 1, 0, 2]);
    assertEquals(average_duration_ms, 100);
    assertEquals((await db.sql`select from private.run_stats_open`).length, 1);
  }));

Deno.test("a dry run is no execution, and the newest minutes are left to be counted later", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const flow = await createFlow(db, tenant);
    await addRuns(db, flow, [[600, 10], [119, 10]]);
    await db.sql`
      insert into public.runs (id, organization_id, flow_id, flow_version_id, status, trigger, input, deadline_at, created_at, pins)
      select private.uuid_v7(t.at), organization_id, flow_id, flow_version_id, 'queued', 'manual', '{}', t.at, t.at, '{}'
      from public.runs, (select ${NOW}::timestamptz - interval '9 minutes' as at) t limit 1`;
    assertEquals((await stats(db, tenant)).executions, 2);
    await count(db);
    assertEquals((await stats(db, tenant)).executions, 2);
    assertEquals((await db.sql`select from public.run_stats_daily where completed = 1`).length, 2);
  }));

Deno.test("two who count at once count nothing twice, and a tenant that is gone is no obstacle", () =>
  withDatabase(async (db) => {
    const [tenant, gone] = [await createTenant(db), await createTenant(db)];
    const flow = await createFlow(db, tenant);
    await addRuns(db, flow, Array.from({ length: 40 }, (_, index) => [600 + index, 10]));
    await addRuns(db, await createFlow(db, gone), [[600, 10], [700, null]]);
    await db.sql`delete from public.organizations where id = ${gone.organizationId}`;
    const counted = await Promise.all(Array.from({ length: 4 }, () => count(db)));
    assertEquals(counted.reduce((a, b) => a + b), 42);
    assertEquals((await stats(db, tenant)).executions, 40);
  }));

Deno.test("engine.tick counts", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const flow = await createFlow(db, tenant);
    await addRuns(db, flow, [[600, 10]]);
    await db.sql`select engine.tick() from set_config('millrace.now', ${NOW}, false)`;
    assertEquals((await db.sql`select from public.run_stats_daily`).length, 2);
  }));

Deno.test("percentile() is right to within a fifth, whatever the durations", () =>
  withDatabase(async (db) => {
    for (const spread of ["random() * 1000", "exp(random() * 15)", "0.2", "250", "1e9", "1 + random()"]) {
      const [row] = await db.sql.unsafe(`
        with d as materialized (select ${spread} as ms from generate_series(1, 2000))
        select private.percentile(private.histogram(array_agg(private.duration_bucket(ms))), 0.95) as found,
          percentile_disc(0.95) within group (order by ms) as exact from d`);
      const [found, exact] = [Number(row?.found), Math.max(1, Number(row?.exact))];
      assert(found >= exact / 1.2 && found <= exact * 1.2, `${spread}: ${found} for ${exact}`);
    }
    const [empty] = await db.sql`select private.percentile('{}', 0.95) as found, private.histogram(null) as none`;
    assertEquals({ ...empty }, { found: null, none: [] });
  }));

Deno.test("count_version_runs() says which runs use which version, newest included, and none of another flow", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const flow = await createFlow(db, tenant);
    const other = await createFlow(db, tenant, { p_name: "Other" });
    await addRuns(db, flow, [[800, 10], [700, 10]]);
    const versionOf = async (id: string) =>
      (await db.sql`select current_version_id as id from public.flows where id = ${id}`)[0]?.id as string;
    const first = await versionOf(flow);
    await db
      .sql`select private.add_flow_version(f, '{"nodes": [], "edges": []}', 60) from public.flows f where id = ${flow}`;
    const second = await versionOf(flow);
    await addRuns(db, flow, [[100, 10]]);
    const args = { p_flow_id: flow, p_version_ids: [first, second, await versionOf(other), unusedId()] };
    const check = async () => {
      const counts = await rpc<Record<string, { count: number; first_at: string; last_at: string }>>(
        db,
        tenant.user,
        "count_version_runs",
        args,
        { now: NOW },
      );
      assertEquals(Object.keys(counts).toSorted(), [first, second].toSorted());
      assertEquals([counts[first]?.count, counts[second]?.count], [2, 1]);
      assertEquals(counts[first]?.first_at, "2026-11-20T11:46:40+00:00");
      assertEquals(counts[first]?.last_at, "2026-11-20T11:48:20+00:00");
    };
    await check();
    await count(db);
    await check();
    const guest = await addMember(db, tenant.organizationId, "guest");
    assertEquals(await rpc(db, guest, "count_version_runs", args), null);
  }));

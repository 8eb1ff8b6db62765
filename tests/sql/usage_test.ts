/**
 * What the tasks usage-hourly, analytics-daily and digest-daily make of real rows.
 */
import type { Json } from "../../shared/graph/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { type TestDatabase, type TestUser, withDatabase } from "../helpers/postgres.ts";
import { budget, listen, told } from "./_budgets.ts";
import { addMember, assertFails, createFlow, createTenant, rpc, service, type Tenant } from "./_world.ts";

const NOW = "2026-11-20T12:30:00Z";
const NIL = "00000000-0000-0000-0000-000000000000";

/** A run of a flow: when it was asked for, how it stands, how long it took, how many steps it has (one more is skipped). */
interface RunRow {
  at: string;
  status?: string;
  ms?: number;
  steps?: number;
  dry?: boolean;
}

/** Writes runs with their steps, and a token for those that have not ended. Gives their ids. */
async function addRuns(db: TestDatabase, flowId: string, runs: RunRow[]): Promise<string[]> {
  const ids: string[] = [];
  for (const { at, status = "completed", ms = 100, steps = 0, dry = false } of runs) {
    const isOpen = status === "running";
    const [row] = await db.sql<{ id: string }[]>`
      insert into public.runs (id, organization_id, flow_id, flow_version_id, status, trigger, input, error, deadline_at,
        started_at, finished_at, created_at, pins)
      select private.uuid_v7(${at}), f.organization_id, f.id, f.current_version_id, ${status}, 'manual', '{}',
        case when ${status} in ('failed', 'compensated', 'compensation_failed') then '{"code": "http_error"}'::jsonb end,
        ${at}::timestamptz + interval '30 days', ${at}::timestamptz,
        case when not ${isOpen} then ${at}::timestamptz + ${ms} * interval '1 ms' end, ${at}::timestamptz,
        case when ${dry} then '{}'::jsonb end
      from public.flows f where f.id = ${flowId}
      returning id`;
    const id = row!.id;
    ids.push(id);
    await db.sql`
      insert into public.run_steps (run_id, node_id, organization_id, status, started_at, finished_at)
      select ${id}, 'n' || n, f.organization_id, case when n = 0 then 'skipped' else 'completed' end, ${at}, ${at}
      from public.flows f, generate_series(0, ${steps}) n where f.id = ${flowId}`;
    if (isOpen) {
      await db.sql`
        insert into public.job_queue (organization_id, run_id, status, scheduled_for)
        select f.organization_id, ${id}, 'waiting', '2099-01-01' from public.flows f where f.id = ${flowId}`;
    }
  }
  return ids;
}

/** Ends an open run, as the engine does. */
async function endRun(db: TestDatabase, id: string, status: "completed" | "failed"): Promise<void> {
  await db.sql`
    update public.runs set status = ${status}, finished_at = created_at + interval '1 hour',
      error = case when ${status} = 'failed' then '{"code": "http_error"}'::jsonb end where id = ${id}`;
  await db.sql`delete from public.job_queue where run_id = ${id}`;
}

async function runTask(db: TestDatabase, name: string, now = NOW): Promise<{ [key: string]: number }> {
  const run = await service<{ status: string; error: Json; result: { [key: string]: number } }>(
    db,
    "run_task",
    { p_name: name, p_trigger: "manual" },
    { now },
  );
  assertEquals([run.status, run.error], ["completed", null]);
  return run.result;
}

/** The usage of a tenant by hour: started, completed, failed, cancelled, open, steps, jobs, events. */
async function usage(db: TestDatabase, tenant: Tenant): Promise<Record<string, number[]>> {
  const rows = await db.sql`
    select to_char(hour at time zone 'UTC', 'DD"T"HH24') as hour, runs_started, runs_completed, runs_failed, runs_cancelled,
      runs_open, steps::int as steps, jobs::int as jobs, webhook_events
    from public.usage_hourly where organization_id = ${tenant.organizationId} order by public.usage_hourly.hour`;
  return Object.fromEntries(rows.map(({ hour, ...counts }) => [hour, Object.values(counts)]));
}

Deno.test("usage-hourly counts runs, steps, jobs and events by the hour, and late ends of runs once they come", () =>
  withDatabase(async (db) => {
    const [ada, bob] = [await createTenant(db), await createTenant(db)];
    const flow = await createFlow(db, ada);
    const [open] = await addRuns(db, flow, [
      { at: "2026-11-20T09:59:59.999Z", status: "running", steps: 2 },
      { at: "2026-11-20T10:00:00Z", steps: 3 },
      { at: "2026-11-20T10:30:00Z", status: "failed", steps: 1 },
      { at: "2026-11-20T10:40:00Z", status: "compensated" },
      { at: "2026-11-20T10:59:59.999Z", status: "cancelled" },
      { at: "2026-11-20T10:20:00Z", steps: 50, dry: true },
      { at: "2026-11-20T12:10:00Z", steps: 4 },
    ]);
    await addRuns(db, await createFlow(db, bob), [{ at: "2026-11-20T10:15:00Z", steps: 2 }]);
    await db.sql`
      insert into private.job_counts (minute, organization_id, type, worker_id, completed, retried, dead)
      values ('2026-11-20T10:00Z', ${ada.organizationId}, 'a.b', gen_random_uuid(), 5, 9, 1),
        ('2026-11-20T10:59Z', ${ada.organizationId}, 'a.c', gen_random_uuid(), 2, 0, 0),
        ('2026-11-20T11:00Z', ${ada.organizationId}, 'a.c', gen_random_uuid(), 1, 0, 0),
        ('2026-11-20T11:00Z', ${NIL}, 'a.c', gen_random_uuid(), 100, 0, 0)`;
    await db.sql`
      with e as (
        insert into public.webhook_endpoints (organization_id, flow_id, name, provider, slug)
        values (${ada.organizationId}, ${flow}, 'Shop', 'custom', 'abcdefghijklmnopqrst') returning id
      )
      insert into public.webhook_events (id, organization_id, endpoint_id, status, held_because, method, headers, raw_body, is_test)
      select private.uuid_v7('2026-11-20T10:05:00Z'), ${ada.organizationId}, e.id, 'held', 'flow_inactive', 'POST', '{}', '', t
      from e, unnest(array[false, false, true]) t`;

    assertEquals(await runTask(db, "usage-hourly"), { hours: 5, late_hours: 0, rows: 5 });
    const expected = {
      "20T09": [1, 0, 0, 0, 1, 2, 0, 0],
      "20T10": [4, 1, 2, 1, 0, 4, 8, 2],
      "20T11": [0, 0, 0, 0, 0, 0, 1, 0],
      "20T12": [1, 1, 0, 0, 0, 4, 0, 0],
    };
    assertEquals(await usage(db, ada), expected);
    assertEquals(await usage(db, bob), { "20T10": [1, 1, 0, 0, 0, 2, 0, 0] });

    // As often as one likes; only the last hours are looked at.
    assertEquals(await runTask(db, "usage-hourly"), { hours: 2, late_hours: 0, rows: 2 });
    assertEquals(await usage(db, ada), expected);

    // The open run ends hours later, and has two more steps by then.
    await db.sql`
      insert into public.run_steps (run_id, node_id, organization_id, status, started_at, finished_at)
      select ${open!}, n, ${ada.organizationId}, 'completed', now(), now() from unnest(array['x', 'y']) n`;
    await endRun(db, open!, "failed");
    assertEquals((await runTask(db, "usage-hourly", "2026-11-20T15:07:00Z"))["late_hours"], 1);
    assertEquals((await usage(db, ada))["20T09"], [1, 0, 1, 0, 0, 4, 0, 0]);
    assertEquals((await runTask(db, "usage-hourly", "2026-11-20T16:07:00Z"))["late_hours"], 0);
  }));

Deno.test("usage-hourly counts runs by flow and steps by node, and keeps what was counted of what is deleted", () =>
  withDatabase(async (db) => {
    const ada = await createTenant(db);
    const [one, two] = [await createFlow(db, ada), await createFlow(db, ada)];
    const [gone] = await addRuns(db, one, [
      { at: "2026-11-20T10:00:00Z", steps: 2 },
      { at: "2026-11-20T10:30:00Z", steps: 1 },
      { at: "2026-11-20T10:31:00Z", steps: 9, dry: true },
    ]);
    await addRuns(db, two, [{ at: "2026-11-20T10:10:00Z", steps: 1 }]);
    const details = async () => {
      const rows = await db.sql`
        select case flow_id when ${one} then 'one' else 'two' end as flow, node_id, runs, steps::int as steps
        from public.usage_details where organization_id = ${ada.organizationId} order by 1, 2`;
      return rows.map(({ flow, node_id, runs, steps }) => [flow, node_id, runs, steps]);
    };
    await runTask(db, "usage-hourly");
    const expected = [["one", "", 2, 0], ["one", "n1", 0, 2], ["one", "n2", 0, 1], ["two", "", 1, 0], [
      "two",
      "n1",
      0,
      1,
    ]];
    assertEquals(await details(), expected);
    await db.sql`delete from public.run_steps where run_id = ${gone!}`;
    await db.sql`delete from public.runs where id = ${gone!}`;
    await db.sql`update private.settings set value = '2026-11-20T10:00:00Z' where name = 'usage_counted_to'`;
    await runTask(db, "usage-hourly");
    assertEquals(await details(), expected);
  }));

Deno.test("usage-hourly tells of runs that the plan includes, and of budgets of runs, once each", () =>
  withDatabase(async (db) => {
    const ada = await createTenant(db);
    await listen(db, ada);
    await db.sql`update public.plans set max_runs_per_month = 5 where id = 'free'`;
    const flow = await createFlow(db, ada);
    await budget(db, ada, { name: "Orders", meter: "runs", amount: 4, flow_id: flow }, NOW);
    const use = async (count: number) => {
      await addRuns(db, flow, Array.from({ length: count }, () => ({ at: "2026-11-20T12:10:00Z" })));
      await runTask(db, "usage-hourly");
      return (await told(db, ada)).events.map((event) => {
        const { percent, limit, used } = event as { percent?: number; limit: number | string; used?: number };
        return percent ?? [limit, used];
      });
    };
    assertEquals(await use(2), [50]);
    assertEquals(await use(2), [50, 100]);
    // Of the runs of the plan a mail came at 80 percent; at 100 an event too.
    assertEquals((await told(db, ada)).mails, 3);
    const all = await use(2);
    assertEquals(all.length, 3);
    assert(JSON.stringify(all).includes('["runs",6]'), JSON.stringify(all));
    assertEquals([(await use(3)).length, (await told(db, ada)).mails], [3, 4]);
  }));

Deno.test("what was deleted stays counted, and an organization that goes takes its usage along", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const flow = await createFlow(db, tenant);
    const [first, open] = await addRuns(db, flow, [
      { at: "2026-11-20T11:10:00Z", steps: 3 },
      { at: "2026-11-20T11:20:00Z", status: "running" },
    ]);
    await runTask(db, "usage-hourly");
    await db.sql`delete from public.run_steps where run_id = ${first!}`;
    await db.sql`delete from public.runs where id in (${first!}, ${open!})`;
    await db.sql`delete from public.job_queue where run_id = ${open!}`;
    await runTask(db, "usage-hourly");
    assertEquals(await usage(db, tenant), { "20T11": [2, 1, 0, 0, 0, 3, 0, 0] });
    await db.sql`delete from public.organizations where id = ${tenant.organizationId}`;
    assertEquals(await usage(db, tenant), {});
    await runTask(db, "usage-hourly");
  }));

interface Day {
  day: string;
  runs: number;
  completed: number;
  failed: number;
  unfinished: number;
  success_rate: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  steps: number;
}

async function analytics(db: TestDatabase, tenant: Tenant, flowId: string): Promise<Day[]> {
  const rows = await db.sql<Day[]>`
    select to_char(day, 'MM-DD') as day, runs, completed, failed + compensated + compensation_failed as failed, unfinished,
      success_rate, round(p50_ms)::int as p50_ms, round(p95_ms)::int as p95_ms, steps::int as steps
    from public.analytics_daily where organization_id = ${tenant.organizationId} and flow_id = ${flowId}
    order by public.analytics_daily.day`;
  return rows.map((row) => ({ ...row }));
}

Deno.test("analytics-daily rolls finished days up, for each flow and all, and again when a run ends late", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const [flow, other] = [await createFlow(db, tenant), await createFlow(db, tenant, { p_name: "Other" })];
    const ids = await addRuns(db, flow, [
      ...Array.from({ length: 19 }, () => ({ at: "2026-11-18T08:00:00Z", ms: 100, steps: 2 })),
      { at: "2026-11-18T23:59:59.999Z", status: "failed", ms: 10_000, steps: 1 },
      { at: "2026-11-19T00:00:00Z", status: "running", steps: 1 },
      { at: "2026-11-19T01:00:00Z", status: "cancelled" },
      { at: "2026-11-18T09:00:00Z", dry: true, steps: 9 },
      { at: "2026-11-20T10:00:00Z", steps: 1 },
    ]);
    await addRuns(db, other, [{ at: "2026-11-18T12:00:00Z", ms: 400, steps: 5 }]);

    assertEquals(await runTask(db, "analytics-daily"), { days: 2, rows: 5 });
    const [day, next] = await analytics(db, tenant, flow);
    assertEquals([day?.day, day?.runs, day?.completed, day?.failed, day?.unfinished, day?.success_rate, day?.steps], [
      "11-18",
      20,
      19,
      1,
      0,
      0.95,
      39,
    ]);
    // Durations come from a histogram: right to within a fifth.
    const near = (value: number | null | undefined, wanted: number) =>
      assert(Math.abs((value ?? 0) - wanted) <= wanted / 5, `${value} is not about ${wanted}`);
    near(day?.p50_ms, 100);
    near(day?.p95_ms, 100);
    assertEquals([next?.day, next?.runs, next?.unfinished, next?.success_rate], ["11-19", 2, 1, null]);
    const [all] = await analytics(db, tenant, NIL);
    assertEquals([all?.runs, all?.completed, all?.steps], [21, 20, 44]);
    // Today is not over.
    assertEquals((await analytics(db, tenant, flow)).length, 2);

    assertEquals(await runTask(db, "analytics-daily"), { days: 0, rows: 0 });
    await endRun(db, ids[20]!, "completed");
    assertEquals((await runTask(db, "analytics-daily", "2026-11-21T00:23:00Z"))["days"], 2);
    const later = await analytics(db, tenant, flow);
    assertEquals(later.map(({ day, completed, unfinished }) => [day, completed, unfinished]), [
      ["11-18", 19, 0],
      ["11-19", 1, 0],
      ["11-20", 1, 0],
    ]);
  }));

Deno.test("members with runs:read see their own usage and analytics; nobody writes them", () =>
  withDatabase(async (db) => {
    const [ada, bob] = [await createTenant(db), await createTenant(db)];
    for (const tenant of [ada, bob]) {
      await addRuns(db, await createFlow(db, tenant), [{ at: "2026-11-19T10:00:00Z" }, { at: "2026-11-20T11:00:00Z" }]);
    }
    await runTask(db, "usage-hourly");
    await runTask(db, "analytics-daily");
    const seen = async (user: typeof ada.user) =>
      await db.as("authenticated", user.claims, async (sql) =>
        [
          ...await sql`select distinct organization_id from public.usage_hourly`,
          ...await sql`select distinct organization_id from public.analytics_daily`,
        ].map((row) => row["organization_id"]));
    assertEquals(await seen(ada.user), [ada.organizationId, ada.organizationId]);
    assertEquals(await seen(await addMember(db, ada.organizationId, "viewer")), [
      ada.organizationId,
      ada.organizationId,
    ]);
    assertEquals(await seen(await addMember(db, ada.organizationId, "guest")), []);
    for (const table of ["usage_hourly", "analytics_daily"]) {
      const write = db.as("authenticated", ada.user.claims, (sql) => sql.unsafe(`delete from public.${table}`));
      await assertFails(write, "42501");
    }
  }));

interface Digest {
  organization: string;
  runs: number;
  failed: number;
  failing: { name: string; failed: number }[];
  slowest: { name: string; p95_ms: number }[];
  to: string[];
}

Deno.test("digest-daily queues one mail for each organization that had runs and wants it, once for a day", () =>
  withDatabase(async (db) => {
    const [ada, quiet, out] = [await createTenant(db), await createTenant(db), await createTenant(db)];
    const [orders, report] = [
      await createFlow(db, ada, { p_name: "Orders" }),
      await createFlow(db, ada, { p_name: "Report" }),
    ];
    const yesterday = "2026-11-19T10:00:00Z";
    await addRuns(db, orders, [{ at: yesterday, status: "failed", ms: 50 }, { at: yesterday, ms: 50 }]);
    await addRuns(db, report, [{ at: yesterday, ms: 9_000 }]);
    await addRuns(db, await createFlow(db, out), [{ at: yesterday }]);
    const wants = (user: TestUser, organizationId: string, digest: string) =>
      rpc(db, user, "update_mail_settings", { p_organization_id: organizationId, p_changes: { digest } });
    await wants(ada.user, ada.organizationId, "day");
    await wants(out.user, out.organizationId, "off");
    await addMember(db, ada.organizationId, "admin");
    await runTask(db, "analytics-daily");

    const queue = () => service<{ day: string; queued: number }>(db, "queue_digests", {}, { now: NOW });
    assertEquals(await queue(), { day: "2026-11-19", queued: 1, more: false } as never);
    assertEquals((await queue()).queued, 0);
    const jobs = await db.sql`select organization_id, payload from public.job_queue where type = 'digest.mail'`;
    assertEquals(jobs.map((job) => ({ ...job })), [{
      organization_id: ada.organizationId,
      payload: { organization_id: ada.organizationId, day: "2026-11-19", period: "day" },
    }]);

    const digest = (tenant: Tenant) =>
      service<Digest | null>(db, "get_digest", { p_organization_id: tenant.organizationId, p_day: "2026-11-19" });
    const mine = await digest(ada);
    assertEquals([mine?.runs, mine?.failed, mine?.to], [3, 1, [ada.user.email]]);
    assertEquals(mine?.failing.map((flow) => [flow.name, flow.failed]), [["Orders", 1]]);
    assertEquals(mine?.slowest.map((flow) => flow.name), ["Report", "Orders"]);
    assertEquals(await digest(quiet), null);
    assertEquals((await digest(out))?.to, []);

    // Who changes their mind gets the next one.
    await wants(out.user, out.organizationId, "day");
    assertEquals((await queue()).queued, 1);
    const viewer = await addMember(db, ada.organizationId, "viewer");
    await assertFails(wants(viewer, ada.organizationId, "off"), "forbidden", 403);
    await assertFails(wants(quiet.user, ada.organizationId, "off"), "not_found", 404);
  }));

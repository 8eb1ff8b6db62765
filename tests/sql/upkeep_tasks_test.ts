/**
 * The tasks that keep the platform tidy.
 */
import { assertEquals, assertMatch } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { history, runTask } from "./_tasks.ts";
import { createFlow, createTenant, rpc, service } from "./_world.ts";

async function count(db: TestDatabase, table: string, where = "true"): Promise<number> {
  return (await db.sql.unsafe(`select count(*)::int as n from ${table} where ${where}`))[0]?.["n"];
}

/** An accepted event without a run, as a backup that was taken apart may bring it. */
async function addEvent(db: TestDatabase, isActive = true) {
  const tenant = await createTenant(db);
  const flow = await createFlow(db, tenant, {
    p_graph: {
      nodes: [
        { id: "start", type: "trigger.webhook", position: { x: 0, y: 0 }, data: {} },
        { id: "a", type: "action.transform", position: { x: 1, y: 0 }, data: { config: { set: { n: 1 } } } },
      ],
      edges: [{ id: "e", source: "start", target: "a" }],
    },
    p_is_active: isActive,
  });
  const endpoint = await rpc<{ id: string }>(db, tenant.user, "create_webhook_endpoint", {
    p_flow_id: flow,
    p_name: "Shop",
    p_provider: "custom",
  });
  const [event] = await db.sql<{ id: string }[]>`
    insert into public.webhook_events (organization_id, endpoint_id, status, method, headers, raw_body, received_at)
    values (${tenant.organizationId}, ${endpoint.id}, 'accepted', 'POST', '{}', '{"order": 7}', now() - interval '5 minutes')
    returning id`;
  return event!.id;
}

scenarios("tasks of upkeep", {
  "webhook-retries": {
    "starts the run of an accepted event that has none, once": async (db) => {
      const id = await addEvent(db);
      assertEquals((await runTask(db, "webhook-retries")).result, {
        started: 1,
        failed: 0,
        out: { woken: 0 },
      });
      const [run] = await db.sql`
        select r.input from public.runs r join public.webhook_events e on e.run_id = r.id where e.id = ${id}`;
      assertEquals([run?.input.event_id, run?.input.body], [id, { order: 7 }]);
      assertEquals((await runTask(db, "webhook-retries")).result, {
        started: 0,
        failed: 0,
        out: { woken: 0 },
      });
    },
    "holds the event when the flow is off meanwhile, and leaves those alone that have just come": async (db) => {
      const id = await addEvent(db, false);
      const fresh = await addEvent(db);
      await db.sql`update public.webhook_events set received_at = now() where id = ${fresh}`;
      assertEquals((await runTask(db, "webhook-retries")).result, {
        started: 0,
        failed: 0,
        out: { woken: 0 },
      });
      const [event] = await db.sql`select status, held_because from public.webhook_events where id = ${id}`;
      assertEquals({ ...event }, { status: "held", held_because: "flow_inactive" });
      await db.sql`delete from public.webhook_events where id = ${fresh}`;
    },
  },
  "rate-limits": {
    "forgets all unused buckets": async (db) => {
      await db.sql`delete from private.rate_limits`;
      await db.sql`
        insert into private.rate_limits (key, tat)
        select 'old' || n, now() - interval '1 hour' from generate_series(1, 10001) n union all select 'new', now()`;
      assertEquals((await runTask(db, "rate-limits")).result, { rows: 10_001 });
      assertEquals(await count(db, "private.rate_limits"), 1);
    },
  },
  "partitions": {
    "makes the weeks ahead, and says when next week's are missing": async (db) => {
      assertEquals((await runTask(db, "partitions")).status, "completed");
      assertEquals((await runTask(db, "partitions")).result, { made: 0 });
      const holder = await db.sql.reserve();
      try {
        await holder`begin`;
        await holder`lock table public.runs in access share mode`;
        const run = await runTask(db, "partitions", "cron", { now: "2031-01-01T00:00:00Z" });
        assertEquals(run.status, "failed");
        assertMatch(run.error?.message ?? "", /partitions of next week are missing: runs_2031w02/);
      } finally {
        await holder`rollback`;
        holder.release();
      }
    },
  },
  "leases": {
    "fails when a lease has lapsed and nobody gave it away; the clock mends it": async (db) => {
      assertEquals((await runTask(db, "leases")).status, "completed");
      await db.sql`
        insert into private.workers (id, kind, expires_at) values (gen_random_uuid(), 'worker', now() - interval '2 minutes')`;
      const run = await runTask(db, "leases");
      assertMatch(run.error?.message ?? "", /1 workers, 0 tokens, 0 batches of jobs\. Does the clock/);
      await service(db, "tick");
      assertEquals((await runTask(db, "leases")).status, "completed");
    },
  },
  "idempotency-keys": {
    "forgets those of yesterday": async (db) => {
      await db.sql`
        insert into private.idempotency_keys (organization_id, operation, key, request_hash, created_at)
        select gen_random_uuid(), 'x', 'k', '', now() - h * interval '1 hour' from unnest(array[1, 23, 25, 90]) h`;
      assertEquals((await runTask(db, "idempotency-keys")).result, { rows: 2 });
    },
  },
  "job-counts": {
    "forgets those of last week": async (db) => {
      await db.sql`
        insert into private.job_counts (minute, organization_id, type, worker_id)
        select now() - d * interval '1 day', gen_random_uuid(), 'x', gen_random_uuid() from unnest(array[1, 6, 8]) d`;
      assertEquals((await runTask(db, "job-counts")).result, { rows: 1 });
    },
  },
  "security": {
    "forgets events and blocks that are over": async (db) => {
      await db
        .sql`insert into private.security_events (kind, at) values ('permission.denied', now() - interval '91 days')`;
      assertEquals((await runTask(db, "security")).result, { events: 1, ip_blocks: 0 });
    },
  },
  "cron-history": {
    "forgets what pg_cron ran, and runs of tasks, but for the last completed one of each": async (db) => {
      await db.sql`
        insert into cron.job_run_details (jobid, status, start_time)
        select 1, 'succeeded', now() - d * interval '1 day' from unnest(array[1, 2, 4, 5]) d`;
      await db.sql`delete from private.system_task_runs`;
      await db.sql`
        insert into private.system_task_runs (name, status, trigger, reason, finished_at)
        select 'usage-hourly', s, 'cron', 'old', now() - d * interval '1 day'
        from unnest(array[100, 110, 120, 5]) with ordinality u (d, n),
          lateral (select case n when 4 then 'skipped' else 'completed' end as s) t`;
      assertEquals((await runTask(db, "cron-history")).result, { cron: 2, task_runs: 2, digests: 0 });
      assertEquals((await history(db, "usage-hourly")).toSorted(), ["cron:completed:old", "cron:skipped:old"]);
    },
    "does without pg_cron": async (db) => {
      await db.sql`drop schema cron cascade`;
      assertEquals((await runTask(db, "cron-history")).status, "completed");
    },
  },
});

/**
 * The clock, and what one tenant may have made or stored that it can not work with: nobody else's runs, schedules or bulk
 * operations may suffer from it, and no tenant keeps the others' from their turn.
 */
import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { scenarios } from "./_scenarios.ts";
import { create, read, refill, runs } from "./_schedules.ts";
import { waitingRun } from "./_waits.ts";
import { assertFails, createFlow, createTenant, rpc, service, startRun, type Tenant } from "./_world.ts";

interface Ticked {
  failed?: string[];
  runs_expired: number;
  schedules_fired: number;
}

const tick = (db: TestDatabase, now?: string) => service<Ticked>(db, "tick", {}, now === undefined ? {} : { now });

async function statusOf(db: TestDatabase, run: string): Promise<string> {
  const [row] = await db.sql`select status from public.runs where id = ${run}`;
  return row?.status;
}

/** Has every change of a run fail, as a constraint that nobody thought of would. */
async function poison(db: TestDatabase, run: string, work: () => Promise<void>): Promise<void> {
  await db.sql.unsafe(`
    create function private.poison() returns trigger language plpgsql as $$ begin raise exception 'poison'; end $$;
    create trigger poison before update on public.runs for each row when (old.id = '${run}') execute function private.poison();`);
  try {
    await work();
  } finally {
    await db.sql.unsafe("drop trigger poison on public.runs; drop function private.poison()");
  }
}

async function expire(db: TestDatabase, ...ids: string[]): Promise<void> {
  await db.sql`update public.job_queue set deadline_at = now() - interval '1 second' where run_id = any (${ids})`;
}

const bulk = (db: TestDatabase, tenant: Tenant, filter: { [key: string]: Json }) =>
  rpc<{ id: string }>(db, tenant.user, "create_bulk_operation", {
    p_organization_id: tenant.organizationId,
    p_action: "cancel",
    p_filter: filter,
  });

scenarios("the clock and what it can not work with", {
  "runs": {
    "a run that can not be ended keeps no other from its end": async (db) => {
      const [bad, good] = [await createTenant(db), await createTenant(db)];
      const poisoned = await startRun(db, bad, await createFlow(db, bad));
      const other = await startRun(db, good, await createFlow(db, good));
      await expire(db, poisoned, other);
      await db.sql`insert into private.run_cancellations (run_id) values (${poisoned})`;
      await poison(db, poisoned, async () => {
        const { failed, runs_expired } = await tick(db);
        assertEquals([failed, runs_expired], [undefined, 1]);
      });
      assertEquals([await statusOf(db, poisoned), await statusOf(db, other)], ["queued", "failed"]);
      await tick(db);
      assert(["cancelled", "failed"].includes(await statusOf(db, poisoned)));
      assertEquals((await db.sql`select from private.run_cancellations`).length, 0);
    },
    "a tenant with more expired runs than a tick ends leaves room for the others'": async (db) => {
      const [many, one] = [await createTenant(db), await createTenant(db)];
      const other = await startRun(db, one, await createFlow(db, one));
      await expire(db, other);
      // They came first, and their tenant's id is below.
      await db.sql`
        insert into public.job_queue (organization_id, run_id, deadline_at)
        select ${many.organizationId}, gen_random_uuid(), now() - interval '1 hour' from generate_series(1, 300)`;
      assertEquals((await tick(db)).runs_expired, 1);
      assertEquals(await statusOf(db, other), "failed");
      await db.sql`delete from public.job_queue where organization_id = ${many.organizationId}`;
    },
    "a wait for a run that is none is no reason to stop, nor to keep its run from ending": async (db) => {
      const { run } = await waitingRun(db, { kind: "signal", name: "go" });
      await db.sql`
        update public.job_queue set payload = '{"wait": {"kind": "run", "run_id": "none"}}', scheduled_for = now()
        where run_id = ${run}`;
      assertEquals((await tick(db)).failed, undefined);
      await expire(db, run);
      assertEquals((await tick(db)).runs_expired, 1);
      assertEquals(await statusOf(db, run), "failed");
    },
    "steps that wait for runs keep nobody's timer waiting": async (db) => {
      const { run, tenant } = await waitingRun(db, { kind: "timer" }, { delayMs: 3_600_000 });
      await db.sql`update public.job_queue set scheduled_for = now() where run_id = ${run}`;
      await db.sql`
        insert into public.job_queue (organization_id, run_id, status, scheduled_for, payload)
        select ${tenant.organizationId}, gen_random_uuid(), 'waiting', now() - interval '1 hour',
          jsonb_build_object('wait', jsonb_build_object('kind', 'run', 'run_id', gen_random_uuid()))
        from generate_series(1, 1100)`;
      await tick(db);
      const [token] = await db.sql`select status from public.job_queue where run_id = ${run}`;
      assertEquals(token?.status, "available");
      await db.sql`delete from public.job_queue where organization_id = ${tenant.organizationId}`;
    },
  },
  "schedules": {
    "one that can not be fired keeps no other back": async (db) => {
      await db.sql`delete from public.schedules`;
      const [bad, good] = [await createTenant(db), await createTenant(db)];
      const poisoned = await create(db, bad, await createFlow(db, bad), { jitter_seconds: 3600 });
      const other = await create(db, good, await createFlow(db, good));
      await db.sql`
        update public.schedules set
          upcoming = array['2030-01-01T01:00:00Z', '294276-12-31 23:59:59Z']::timestamptz[], next_at = '2030-01-01T01:00:00Z',
          fire_at = '2030-01-01T01:00:00Z'
        where id = ${poisoned.id}`;
      const { failed, schedules_fired } = await tick(db, "2030-01-01T01:00:05Z");
      assertEquals([failed, schedules_fired], [undefined, 1]);
      assertEquals((await runs(db, other.id)).length, 1);
    },
    "due times, starts and ends out of the range of dates are refused": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      const ask = (settings: { [key: string]: Json }, upcoming: string[]) =>
        rpc(db, tenant.user, "create_schedule", {
          p_flow_id: flow,
          p_settings: { name: "x", cron: "* * * * *", ...settings },
          p_upcoming: upcoming,
        });
      await assertFails(
        ask({ jitter_seconds: 3600 }, ["2031-01-01T00:00:00Z", '"294276-12-31 23:59:59Z"']),
        "invalid_request",
        400,
      );
      await assertFails(ask({}, ["infinity"]), "invalid_request", 400);
      for (const moment of ["20000-01-01T00:00:00Z", "infinity", "-infinity", "0044-03-15 00:00:00 BC"]) {
        await assertFails(ask({ starts_at: moment }, ["2031-01-01T00:00:00Z"]), "invalid_request", 400);
        await assertFails(ask({ ends_at: moment }, ["2031-01-01T00:00:00Z"]), "invalid_request", 400);
      }
    },
    "a list of due times that can not be stored keeps no other from being stored": async (db) => {
      await db.sql`delete from public.schedules`;
      const [bad, good] = [await createTenant(db), await createTenant(db)];
      const poisoned = await create(db, bad, await createFlow(db, bad));
      const other = await create(db, good, await createFlow(db, good));
      const lists = [
        { id: poisoned.id, version: 1, upcoming: ["+010000-01-01T00:00:00.000Z"] },
        { id: other.id, version: 1, upcoming: ["2030-01-01T05:00:00.000Z"] },
      ];
      assertEquals(await service(db, "store_upcoming", { p_lists: lists }, { now: "2030-01-01T02:00:00Z" }), 2);
      assertEquals((await read(db, poisoned.id)).next_at, null);
      assertEquals((await read(db, other.id)).next_at, "2030-01-01T05:00:00+00:00");
    },
    "a start between two milliseconds is no obstacle: the service reckons in milliseconds": async (db) => {
      await db.sql`delete from public.schedules`;
      const tenant = await createTenant(db);
      const schedule = await create(db, tenant, await createFlow(db, tenant), {
        starts_at: "2030-01-01T03:00:00.0005Z",
      });
      await db.sql`update public.schedules set refill_at = '2030-01-01T00:00:00Z' where id = ${schedule.id}`;
      assertEquals(await refill(db, "2030-01-01T00:40:00Z"), 1);
      assertEquals((await read(db, schedule.id)).next_at, "2030-01-01T03:00:00+00:00");
    },
  },
  "bulk operations": {
    "a filter that can not be read is refused, also while it would find nothing": async (db) => {
      const tenant = await createTenant(db);
      for (
        const filter of [
          { flow_id: "none" },
          { status: ["failed"], entity_id: "none" },
          { created_after: "infinity" },
          {
            created_before: "soon",
          },
        ]
      ) {
        await assertFails(bulk(db, tenant, filter), "invalid_request", 400);
      }
    },
    "one that can not be worked off fails, and the next has its turn": async (db) => {
      await db.sql`delete from public.bulk_operations`;
      const [bad, good] = [await createTenant(db), await createTenant(db)];
      const badFlow = await createFlow(db, bad);
      await startRun(db, bad, badFlow);
      const flow = await createFlow(db, good);
      const run = await startRun(db, good, flow);
      const poisoned = await bulk(db, bad, { flow_id: badFlow });
      await bulk(db, good, { flow_id: flow });
      await db.sql`update public.bulk_operations set filter = '{"flow_id": "none"}' where id = ${poisoned.id}`;
      assertEquals((await tick(db)).failed, undefined);
      await tick(db);
      const [operation] = await db
        .sql`select status, error ->> 'code' as code from public.bulk_operations where id = ${poisoned.id}`;
      assertEquals({ ...operation }, { status: "failed", code: "internal" });
      assertEquals(await statusOf(db, run), "cancelled");
    },
  },
  "parts": {
    "what goes wrong in one is told, and the others are done": async (db) => {
      const tenant = await createTenant(db);
      const run = await startRun(db, tenant, await createFlow(db, tenant));
      await expire(db, run);
      const parts = {
        waits: "end_waits(timestamptz)",
        cancellations: "admit_forgotten()",
        schedules: "fire_schedules(timestamptz)",
        bulk: "work_bulk_operations(integer, double precision)",
        statistics: "count_runs(integer, interval)",
      };
      const away = Object.values(parts).map((signature) => {
        const [name, types] = signature.split("(");
        return { name, types };
      });
      for (const { name, types } of away) {
        await db.sql.unsafe(`alter function private.${name}(${types} rename to no_${name}`);
      }
      const { failed, runs_expired } = await tick(db);
      for (const { name, types } of away) {
        await db.sql.unsafe(`alter function private.no_${name}(${types} rename to ${name}`);
      }
      assertEquals([failed, runs_expired], [Object.keys(parts), 1]);
      assertEquals((await tick(db)).failed, undefined);
    },
  },
  "arguments": {
    "a signal without a name is none, and ends no wait": async (db) => {
      const { run, tenant } = await waitingRun(db, { kind: "signal", name: "go" });
      await assertFails(rpc(db, tenant.user, "signal_run", { p_run_id: run, p_name: null }), "invalid_request", 400);
    },
    "a time-out beyond all numbers is the least or the greatest there is": async (db) => {
      const tenant = await createTenant(db);
      for (const timeoutSeconds of [-1e300, 1e300]) {
        await createFlow(db, tenant, { p_graph: { nodes: [], edges: [], settings: { timeoutSeconds } } });
      }
    },
    "a dry run has as many pins as a graph may have nodes": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      const pins = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`n${index}`, 1]));
      await assertFails(rpc(db, tenant.user, "start_run", { p_flow_id: flow, p_pins: pins }), "invalid_request", 400);
    },
  },
});

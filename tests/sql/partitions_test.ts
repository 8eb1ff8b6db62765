import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { claimOne, engineOf, newWorker, result, runState, step } from "./_engine.ts";
import { interleave } from "./_interleave.ts";
import { scenarios } from "./_scenarios.ts";
import { createFlow, createTenant, rpc, service } from "./_world.ts";

async function ensure(db: TestDatabase, now: string, weeks?: number): Promise<number> {
  return await service<number>(db, "ensure_partitions", { p_weeks_ahead: weeks }, { now });
}

/** In which partition a row of the parent with this id lies. */
async function home(db: TestDatabase, parent: "runs" | "run_steps", id: string): Promise<string> {
  const key = parent === "runs" ? "id" : "run_id";
  const [row] = await db.sql.unsafe(`select tableoid::regclass::text as name from public.${parent} where ${key} = $1`, [
    id,
  ]);
  return row?.name;
}

scenarios("partitions", {
  "engine.ensure_partitions()": {
    "makes this week's and the next ones', once": async (db) => {
      assertEquals(await ensure(db, "2027-01-06T12:00:00Z", 2), 12);
      assertEquals(await ensure(db, "2027-01-06T12:00:00Z", 2), 0);
      assertEquals(await ensure(db, "2027-01-13T12:00:00Z", 2), 4);
      const rows = await db.sql`
        select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound from pg_class c
        where c.relispartition and c.relname like 'runs\\_2027%' and c.relkind = 'r' order by 1`;
      assertEquals(rows.map((row) => row.name), ["runs_2027w01", "runs_2027w02", "runs_2027w03", "runs_2027w04"]);
      const [bound] = await db.sql`
        select format('FOR VALUES FROM (%L) TO (%L)', private.uuid_v7_floor('2027-01-04Z'), private.uuid_v7_floor('2027-01-11Z')) as text`;
      assertEquals(rows[0]?.bound, bound?.text);
    },
    "names weeks as ISO 8601 does, over the turn of the year": async (db) => {
      await ensure(db, "2029-12-30T23:59:59Z", 1);
      const rows = await db.sql`
        select c.relname as name from pg_class c where c.relispartition and c.relkind = 'r'
          and c.relname in ('runs_2029w52', 'runs_2030w01', 'runs_2029w53', 'runs_2030w52')`;
      assertEquals(rows.map((row) => row.name).toSorted(), ["runs_2029w52", "runs_2030w01"]);
    },
    "a run and its steps lie in the week in which it was asked for": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      await ensure(db, "2028-05-01T00:00:00Z", 0);
      const cases = {
        "2028-04-30T23:59:59.999Z": "default",
        "2028-05-01T00:00:00Z": "2028w18",
        "2028-05-07T23:59:59.999Z": "2028w18",
      };
      for (const [now, week] of Object.entries(cases)) {
        const { id } = await rpc<{ id: string }>(db, tenant.user, "start_run", { p_flow_id: flow }, { now });
        const engine = engineOf(db, { now });
        const worker = newWorker();
        await engine.settleJobs(worker, [result(await claimOne(engine, worker, id), { steps: [step("a")] })]);
        assertEquals((await runState(db, id)).status, "completed");
        assertEquals([await home(db, "runs", id), await home(db, "run_steps", id)], [
          `runs_${week}`,
          `run_steps_${week}`,
        ]);
      }
    },
    "rows in the default partition do not break it; later weeks are made": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      const now = "2031-03-05T00:00:00Z";
      const { id } = await rpc<{ id: string }>(db, tenant.user, "start_run", { p_flow_id: flow }, { now });
      assertEquals(await home(db, "runs", id), "runs_default");
      assertEquals(await ensure(db, now, 1), 7, "all but the runs of this week");
      assertEquals(await ensure(db, now, 1), 0);
      assertEquals(await home(db, "runs", id), "runs_default");
      assertEquals((await runState(db, id)).status, "queued");
    },
    "partitions have RLS, a comment, the parent's triggers, and no grants of their own": async (db) => {
      const rows = await db.sql`
        select c.relname as name, c.relrowsecurity as rls, obj_description(c.oid, 'pg_class') as comment,
          coalesce(array_to_string(c.relacl, ' '), '') as acl,
          (select array_agg(t.tgname || ':' || t.tgenabled::text order by t.tgname) from pg_trigger t where t.tgrelid = c.oid) as triggers
        from pg_class c where c.relispartition and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`;
      assert(rows.length > 10);
      for (const { name, rls, comment, acl, triggers } of rows) {
        assert(rls, `${name} has no RLS`);
        assert(comment, `${name} has no comment`);
        assert(!/anon|authenticated|service_role|(^| )=/.test(acl), `${name} is granted: ${acl}`);
        const wanted = name.startsWith("runs")
          ? ["broadcast_new:O", "broadcast_status:O", "terminal_states_stay:A"]
          : name.startsWith("run_steps")
          ? ["append_only:A"]
          : name.startsWith("audit_events")
          ? ["append_only:A", "no_truncate:A"]
          : null;
        assertEquals(triggers, wanted, name);
      }
    },
    "it gives way to work that is under way, and does it later": (db) =>
      interleave(db, async (stage) => {
        const tenant = await createTenant(db);
        const flow = await createFlow(db, tenant);
        const starting = await stage.session("start");
        await starting.rpc(tenant.user, "start_run", { p_flow_id: flow });
        const now = "2033-03-05T00:00:00Z";
        const before = performance.now();
        assertEquals(await ensure(db, now, 0), 0);
        assert(performance.now() - before < 5_000, "it makes nobody wait for long");
        await starting.commit();
        assertEquals(await ensure(db, now, 0), 4);
      }),
  },
});

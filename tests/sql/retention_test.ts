/**
 * What retention keeps and what it drops.
 *
 * @module
 */
import type { Json } from "../../shared/graph/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { engineOf, result, runState, step, stepStates } from "./_engine.ts";
import {
  AFTER,
  apply,
  applyOnce,
  beginOld,
  contents,
  countAll,
  fill,
  keeper,
  makeWeek,
  partitions,
  PLANS,
  WEEK,
} from "./_retention.ts";
import { rpc } from "./_world.ts";

/** Bytes of the week's partitions, indexes and all, and the share of dead rows; null when they are gone. */
async function measure(db: TestDatabase) {
  const sizes: Record<string, { bytes: number; dead: number }> = {};
  for (const name of ["runs_2027w09", "run_steps_2027w09"]) {
    const [row] = await db.sql`select to_regclass(${`public.${name}`}) is not null as there`;
    if (!row?.there) continue;
    const [found] = await db.sql.unsafe(`
      select pg_total_relation_size('public.${name}')::int as bytes, dead_tuple_count::int as dead from pgstattuple('public.${name}')`);
    sizes[name] = { bytes: found?.bytes, dead: found?.dead };
  }
  return sizes;
}

/** How a partition looks from outside: all of it has to be the same after it was rewritten. */
async function dress(db: TestDatabase, name: string): Promise<Json> {
  const [row] = await db.sql`
    select c.relrowsecurity as rls, coalesce(array_to_string(c.relacl, ' '), '') as acl, obj_description(c.oid, 'pg_class') as comment,
      pg_get_userbyid(c.relowner) as owner, pg_get_expr(c.relpartbound, c.oid) as bound,
      (select array_agg(t.tgname || ':' || t.tgenabled::text order by t.tgname) from pg_trigger t where t.tgrelid = c.oid) as triggers,
      (select array_agg(i.relname || ' ' || regexp_replace(pg_get_indexdef(i.oid), '^.* USING', '') order by i.relname)
        from pg_index x join pg_class i on i.oid = x.indexrelid where x.indrelid = c.oid) as indexes,
      (select array_agg(k.conname || ' ' || pg_get_constraintdef(k.oid) order by k.conname) from pg_constraint k where k.conrelid = c.oid) as constraints,
      (select array_agg(a.attname || ' ' || a.attnotnull::text || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') order by a.attnum)
        from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0) as columns
    from pg_class c where c.oid = to_regclass(${`public.${name}`})`;
  return { ...row };
}

Deno.test("50,000 runs of four plans in one week: each goes with its plan, all else stays byte for byte, and no dead row is left", async () => {
  await withDatabase(async (db) => {
    await makeWeek(db, WEEK);
    const keepers = [];
    for (const plan of PLANS) keepers.push(await keeper(db, plan));
    for (const one of keepers) await fill(db, one, WEEK, 12_500);
    await db.sql`vacuum (analyze) public.runs, public.run_steps`;
    await db.sql`create extension pgstattuple`;
    await countAll(db, AFTER.free);
    const looks = { runs: await dress(db, "runs_2027w09"), steps: await dress(db, "run_steps_2027w09") };
    const before = new Map<string, Awaited<ReturnType<typeof contents>>>();
    for (const one of keepers) before.set(one.plan, await contents(db, one.organizationId));
    let last = await measure(db);
    assertEquals(await apply(db, "2027-03-14T23:00:00Z"), [{ more: false }], "nothing is due yet");

    for (const [index, plan] of PLANS.entries()) {
      const reports = await apply(db, AFTER[plan]);
      assert(reports.every((report) => report.failed === undefined), JSON.stringify(reports));
      for (const [place, one] of keepers.entries()) {
        const now = await contents(db, one.organizationId);
        if (place <= index) assertEquals([now.runs, now.steps], [0, 0], `${one.plan} after ${plan}`);
        else assertEquals(now, before.get(one.plan), `${one.plan} after ${plan}`);
      }
      if (plan === "enterprise") {
        assertEquals(await partitions(db), [], "a partition in which nobody has anything left is gone");
        continue;
      }
      const now = await measure(db);
      for (const [name, { bytes, dead }] of Object.entries(now)) {
        assert(bytes < last[name]!.bytes, `${name} did not shrink: ${bytes}`);
        assertEquals(dead, 0, name);
      }
      last = now;
      assertEquals({ runs: await dress(db, "runs_2027w09"), steps: await dress(db, "run_steps_2027w09") }, looks);
    }
    assertEquals((await db.sql`select 1 from private.partition_changes`).length, 0);
    assertEquals((await db.sql`select 1 from pg_class where relname like 'keep\\_%'`).length, 0);
  });
});

Deno.test("runs that have not ended, that ended lately, or that such runs refer to survive their week", async () => {
  await withDatabase(async (db) => {
    await makeWeek(db, WEEK);
    const free = await keeper(db, "free");
    await fill(db, free, WEEK, 20);
    const open = await beginOld(db, free);
    const late = await beginOld(db, free);
    await engineOf(db, { now: "2027-03-15T00:00:00Z" }).settleJobs(late.worker, [
      result(late.job, { steps: [step("a")] }),
    ]);
    const [origin, child, parentless] = await db.sql<{ id: string }[]>`
      select id from public.runs where finished_at is not null and id <> ${late.id} order by id limit 3`;
    // As a retry of the first and the parent of the second would have it.
    await db.sql`update public.runs set retry_of = ${origin!.id} where id = ${open.id}`;
    await db.sql`alter table public.runs disable trigger terminal_states_stay`;
    await db.sql`update public.runs set parent_run_id = ${open.id} where id = ${child!.id}`;
    await db.sql`alter table public.runs enable always trigger terminal_states_stay`;
    await countAll(db, AFTER.free);
    await apply(db, AFTER.free);
    const left = (await db.sql`select id from public.runs order by id`).map(({ id }) => id);
    assertEquals(left, [open.id, late.id, origin!.id, child!.id].toSorted());
    assert(!left.includes(parentless!.id));
    assertEquals(await stepStates(db, origin!.id), ["a:1:completed", "b:1:completed"]);

    // It ends after all, in the partition that was rewritten, and goes a week later with all the others.
    await engineOf(db, { now: AFTER.free }).settleJobs(open.worker, [result(open.job, { steps: [step("a")] })]);
    assertEquals((await runState(db, open.id)).status, "completed");
    assertEquals(await apply(db, "2027-03-19T00:00:00Z"), [{ more: false }], "not for a straggler within six days");
    await apply(db, "2027-03-24T00:00:00Z");
    assertEquals(await partitions(db), ["audit_events_2027w09", "job_history_2027w09"]);
    assert((await applyOnce(db, "2027-04-08T00:00:00Z")).dropped, "an empty one goes after a month");
    assertEquals(await partitions(db), []);
  });
});

Deno.test("what is null is kept for ever, and what nobody counted yet is kept until it is", async () => {
  await withDatabase(async (db) => {
    await makeWeek(db, WEEK);
    const [kept, gone] = [await keeper(db, "team"), await keeper(db, "free")];
    await db.sql`update public.plans set retention_days = retention_days || '{"runs": null}' where id = 'team'`;
    for (const one of [kept, gone]) await fill(db, one, WEEK, 10);
    const before = await contents(db, kept.organizationId);
    const uncounted = { kind: "runs", week: "2027-03-01" };
    assertEquals((await apply(db, "2037-01-01T00:00:00Z")).at(-1), { more: false, uncounted });
    assertEquals((await contents(db, gone.organizationId)).runs, 10);
    await countAll(db, "2037-01-01T00:00:00Z");
    await apply(db, "2037-01-01T00:00:00Z");
    assertEquals((await contents(db, gone.organizationId)).runs, 0);
    assertEquals(await contents(db, kept.organizationId), before);
    for (const days of ['{"runs": 0}', '{"runs": 1.5}', '{"runs": "7"}', '{"webhook_events": 7}', "[]"]) {
      const error = await db.sql`update public.plans set retention_days = ${days}::text::jsonb where id = 'free'`.catch(
        (error) => error,
      );
      assertEquals(error.constraint_name, "retention_is_in_days", days);
    }
  });
});

Deno.test("rows without a partition, webhook events and jobs go with their plan too", async () => {
  await withDatabase(async (db) => {
    const [free, team] = [await keeper(db, "free"), await keeper(db, "team")];
    await fill(db, free, WEEK, 30);
    await fill(db, team, WEEK, 30);
    const { tenant, flowId } = free;
    const endpoint = await rpc<{ id: string }>(db, tenant.user, "create_webhook_endpoint", {
      p_flow_id: flowId,
      p_name: "Orders",
      p_provider: "custom",
    });
    const open = await beginOld(db, free);
    await db.sql`
      insert into public.webhook_events (id, organization_id, endpoint_id, status, method, headers, raw_body, run_id, received_at)
      select private.uuid_v7(e.at), ${free.organizationId}, ${endpoint.id}, 'accepted', 'POST', '{}', '', e.run, e.at
      from (values (${WEEK}::timestamptz, null::uuid), (${WEEK}, ${open.id}), ('2027-03-20Z', null)) e (at, run)`;
    await makeWeek(db, WEEK);
    for (const one of [free, team]) {
      await db.sql`
        insert into public.job_history (id, organization_id, type, status, priority, attempts, max_attempts, scheduled_for, created_at, completed_at)
        select private.uuid_v7(${WEEK}), ${one.organizationId}, 'system.noop', 'completed', 100, 1, 8, ${WEEK}, ${WEEK}, ${WEEK} from generate_series(1, 10)`;
    }
    await db.sql`
      insert into public.job_history (id, organization_id, type, status, priority, attempts, max_attempts, scheduled_for, created_at, completed_at)
      select private.uuid_v7(${WEEK}), i.id, 'system.noop', 'completed', 100, 1, 8, ${WEEK}, ${WEEK}, i.at
      from (values ('00000000-0000-0000-0000-000000000000'::uuid, ${WEEK}::timestamptz), (${free.organizationId}, '2027-04-03Z')) i (id, at)`;
    const now = "2027-04-05T00:00:00Z";
    const before = await contents(db, team.organizationId);
    await countAll(db, now);
    const reports = await apply(db, now);
    assert(reports.every((report) => report.failed === undefined), JSON.stringify(reports));
    assertEquals((await contents(db, free.organizationId)).runs, 1);
    assertEquals(await contents(db, team.organizationId), before);
    assertEquals(reports[0]?.webhook_events, 1);
    const events = await db.sql`select run_id, received_at::date::text as day from public.webhook_events order by id`;
    assertEquals(events.map((row) => row.day), ["2027-03-01", "2027-03-20"]);
    const jobs = await db
      .sql`select organization_id as id, count(*)::int as n from public.job_history group by 1 order by 2`;
    assertEquals(
      jobs.map(({ id, n }) => [id, n]),
      [[free.organizationId, 1], [team.organizationId, 10]],
      "the one that ended lately, and what team keeps",
    );
  });
});

Deno.test("who leaves a plan keeps for 30 days what it would have kept", async () => {
  await withDatabase(async (db) => {
    await makeWeek(db, WEEK);
    const [team, free] = [await keeper(db, "team"), await keeper(db, "free")];
    for (const one of [team, free]) await fill(db, one, WEEK, 10);
    await countAll(db, AFTER.team);
    const change = (plan: string, at: string) =>
      db.sql.begin(async (sql) => {
        await sql`select set_config('millrace.now', ${at}, true)`;
        await sql`update public.organizations set plan_id = ${plan} where id = ${team.organizationId}`;
      });
    // By way of another one: the longest counts.
    await change("pro", "2027-04-20T00:00:00Z");
    await change("free", "2027-04-21T00:00:00Z");
    await apply(db, "2027-05-20T00:00:00Z");
    assertEquals([(await contents(db, team.organizationId)).runs, (await contents(db, free.organizationId)).runs], [
      10,
      0,
    ]);
    await apply(db, "2027-05-27T00:00:00Z");
    assertEquals((await contents(db, team.organizationId)).runs, 0);
  });
});

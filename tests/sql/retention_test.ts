import type { Json } from "../../shared/graph/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { claimOne, engineOf, newWorker, result, runState, step, stepStates } from "./_engine.ts";
import { interleave } from "./_interleave.ts";
import {
  apply,
  applyOnce,
  contents,
  countAll,
  fill,
  type Keeper,
  keeper,
  makeWeek,
  partitions,
  PLANS,
} from "./_retention.ts";
import { rpc } from "./_world.ts";

// A week that is long over, in which tenants have runs, and when each plan has let go of it.
const WEEK = "2027-03-01T00:00:00Z";
const AFTER = {
  free: "2027-03-16T00:00:00Z",
  pro: "2027-04-08T00:00:00Z",
  team: "2027-06-07T00:00:00Z",
  enterprise: "2028-03-09T00:00:00Z",
};

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

/** A run of the keeper, begun in the old week and leased to a worker that says what it does at `now`. */
async function beginOld(db: TestDatabase, { tenant, flowId }: Keeper, now = WEEK) {
  const { id } = await rpc<{ id: string }>(db, tenant.user, "start_run", { p_flow_id: flowId }, { now });
  const engine = engineOf(db, { now });
  const worker = newWorker();
  return { id, worker, job: await claimOne(engine, worker, id) };
}

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
    assertEquals(await partitions(db), ["job_history_2027w09"]);
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

Deno.test("what is written while a partition is rewritten is in the new one", async () => {
  await withDatabase(async (db) => {
    await makeWeek(db, WEEK);
    const [free, pro] = [await keeper(db, "free"), await keeper(db, "pro")];
    await fill(db, free, WEEK, 50);
    await fill(db, pro, WEEK, 50);
    const olds: Awaited<ReturnType<typeof beginOld>>[] = [];
    for (let n = 0; n < 6; n++) olds.push(await beginOld(db, n % 2 ? pro : free));
    await countAll(db, AFTER.free);
    const settle = async (n: number, now = AFTER.free) => {
      const { job, worker, id } = olds[n]!;
      await engineOf(db, { now }).settleJobs(worker, [result(job, { steps: [step("a", { output: { n } })] })]);
      assertEquals((await runState(db, id)).status, "completed");
    };
    assert((await applyOnce(db, AFTER.free)).began);
    await settle(0);
    assertEquals(
      (await applyOnce(db, AFTER.free)).copied?.rows,
      50 * 3 + 6 + 1,
      "all of pro, the open ones, and a step",
    );
    await settle(1);
    await settle(2);
    // Somebody deletes a run that is copied already.
    const [victim] = await db
      .sql`select id from public.runs where organization_id = ${pro.organizationId} and finished_at < '2027-03-10' order by id limit 1`;
    await rpc(db, pro.tenant.user, "delete_run", { p_run_id: victim!.id });
    assert((await applyOnce(db, AFTER.free)).swapped);
    await settle(3);
    for (const n of [0, 1, 2, 3]) {
      const [row] = await db.sql`select output from public.run_steps where run_id = ${olds[n]!.id}`;
      assertEquals(row?.output, { n });
    }
    assertEquals(await runState(db, olds[4]!.id).then(({ status }) => status), "running");
    assertEquals((await contents(db, free.organizationId)).runs, 3);
    assertEquals((await contents(db, pro.organizationId)).runs, 50 - 1 + 3);
    assertEquals((await db.sql`select 1 from public.runs where id = ${victim!.id}`).length, 0);
    assertEquals((await db.sql`select 1 from pg_trigger where tgname = 'note_change'`).length, 0);
  });
});

Deno.test("it gives way to who writes to the week, whatever step it is at, and loses nothing of them", async () => {
  await withDatabase((db) =>
    interleave(db, async (stage) => {
      await makeWeek(db, WEEK);
      const [free, pro] = [await keeper(db, "free"), await keeper(db, "pro")];
      await fill(db, free, WEEK, 50);
      await fill(db, pro, WEEK, 50);
      const olds = [await beginOld(db, free), await beginOld(db, free), await beginOld(db, pro)];
      await countAll(db, AFTER.free);
      const settling = await stage.session("settle");
      await settling.run(`select set_config('millrace.now', '${AFTER.free}', false)`);
      await settling.commit();
      const settle = (n: number) =>
        settling.engine.settleJobs(olds[n]!.worker, [result(olds[n]!.job, { steps: [step("a", { output: { n } })] })]);

      await settle(0);
      const before = performance.now();
      assertEquals((await applyOnce(db, AFTER.free)).gave_way, { kind: "runs", week: "2027-03-01" });
      assert(performance.now() - before < 5_000, "it makes nobody wait for long");
      await settling.commit();
      // What was committed before it began needs no note.
      assert((await applyOnce(db, AFTER.free)).began);
      assert((await applyOnce(db, AFTER.free)).copied);

      await settle(1);
      assertEquals(await applyOnce(db, AFTER.free), { gave_way: { kind: "runs", week: "2027-03-01" }, more: false });
      assertEquals(await applyOnce(db, AFTER.free), { gave_way: { kind: "runs", week: "2027-03-01" }, more: false });
      await settling.commit();

      // And whoever comes while it swaps waits for it, and writes to the new partition.
      const swapping = await stage.session("swap");
      await swapping.run(`select set_config('millrace.now', '${AFTER.free}', true)`);
      assert((await swapping.service<{ swapped?: Json }>("apply_retention")).swapped);
      const waiting = await stage.untilBlocked(settling, () => settle(2));
      await swapping.commit();
      await waiting.result;
      await settling.commit();
      for (const [n, { id }] of olds.entries()) {
        assertEquals((await runState(db, id)).status, "completed");
        const [row] = await db.sql`select output from public.run_steps where run_id = ${id}`;
        assertEquals(row?.output, { n });
      }
      assertEquals((await contents(db, free.organizationId)).runs, 2);
      assertEquals((await contents(db, pro.organizationId)).runs, 51);
    })
  );
});

Deno.test("what is committed at the very moment of the swap is in the new partition", async () => {
  await withDatabase((db) =>
    interleave(db, async (stage) => {
      await makeWeek(db, WEEK);
      const [free, pro] = [await keeper(db, "free"), await keeper(db, "pro")];
      for (const one of [free, pro]) await fill(db, one, WEEK, 20);
      const olds: Awaited<ReturnType<typeof beginOld>>[] = [];
      for (let n = 0; n < 6; n++) olds.push(await beginOld(db, free));
      await countAll(db, AFTER.free);
      const [settling, swapping] = [await stage.session("settle"), await stage.session("swap")];
      for (const session of [settling, swapping]) {
        await session.run(`select set_config('millrace.now', '${AFTER.free}', false)`);
        await session.commit();
      }
      assert((await applyOnce(db, AFTER.free)).began);
      assert((await applyOnce(db, AFTER.free)).copied);
      let swapped = false;
      for (const [n, { job, worker }] of olds.entries()) {
        await settling.engine.settleJobs(worker, [result(job, { steps: [step("a", { output: { n } })] })]);
        if (swapped) {
          await settling.commit();
          continue;
        }
        // It waits for the writer, who commits; on a machine that is slow it may give up before, and tries again.
        const swap = await stage.untilBlocked(
          swapping,
          () => swapping.service<{ swapped?: Json }>("apply_retention"),
        );
        await settling.commit();
        swapped = (await swap.result).swapped !== undefined;
        await swapping.commit();
      }
      if (!swapped) await apply(db, AFTER.free);
      for (const [n, { id }] of olds.entries()) {
        assertEquals((await runState(db, id)).status, "completed");
        const [row] = await db.sql`select output from public.run_steps where run_id = ${id}`;
        assertEquals(row?.output, { n });
      }
      assertEquals((await contents(db, free.organizationId)).runs, 6);
    })
  );
});

Deno.test("a rewriting that fails leaves everything as it was, and begins anew the next day", async () => {
  await withDatabase(async (db) => {
    await makeWeek(db, WEEK);
    const [free, pro] = [await keeper(db, "free"), await keeper(db, "pro")];
    for (const one of [free, pro]) await fill(db, one, WEEK, 20);
    await countAll(db, AFTER.free);
    const before = [await contents(db, free.organizationId), await contents(db, pro.organizationId)];
    assert((await applyOnce(db, AFTER.free)).began);
    assert((await applyOnce(db, AFTER.free)).copied);
    // A migration comes between.
    await db.sql`alter table public.runs add column mood text`;
    assert((await applyOnce(db, AFTER.free)).failed?.error.includes("mood"));
    await db.sql`alter table public.runs drop column mood`;
    assertEquals([await contents(db, free.organizationId), await contents(db, pro.organizationId)], before);
    assertEquals((await db.sql`select 1 from pg_class where relname like 'keep\\_%'`).length, 0);
    await apply(db, "2027-03-17T00:00:00Z");
    assertEquals((await contents(db, free.organizationId)).runs, 0);
    assertEquals(await contents(db, pro.organizationId), before[1]);
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

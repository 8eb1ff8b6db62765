/** Which changes start a run, what keeps one from it without disturbing the writer, and how circles end. */
import { assert, assertEquals } from "../helpers/assert.ts";
import { change, forget, on, runsOf, scene, told } from "./_changes.ts";
import { claimOne, engineOf, newWorker } from "./_engine.ts";
import { interleave } from "./_interleave.ts";
import { enqueue, hold } from "./_job_control.ts";
import { scenarios } from "./_scenarios.ts";
import { assertFails, createFlow, rpc, service, unusedId } from "./_world.ts";

scenarios("which changes start a run, and what keeps one from it", {
  "which rows": {
    "only the operations that are named, and an update that changes nothing is none": async (db) => {
      const { flow, table } = await scene(db);
      await on(db, table, flow, { on: ["update"] });
      await db.sql.unsafe(`insert into public.${table} values (1, 'a'), (2, 'b')`);
      await db.sql.unsafe(`update public.${table} set status = 'a'`);
      await db.sql.unsafe(`update public.${table} set status = 'c' where id = 7`);
      await db.sql.unsafe(`delete from public.${table}`);
      assertEquals(await told(db, flow), ["update:2"]);
    },
    "columns, conditions and columns that are left out": async (db) => {
      const { flow, table } = await scene(db);
      await on(db, table, flow, {
        on: ["insert", "update"],
        columns: ["status"],
        when: { status: ["paid", "shipped"], tags: null },
        exclude: ["card"],
      });
      await db.sql.unsafe(
        `insert into public.${table} values (1, 'new', 1, '4242', null), (2, 'paid', 1, '4242', null), (3, 'paid', 1, '4', '[]')`,
      );
      assertEquals(await told(db, flow), ["insert:2"]);
      await db.sql.unsafe(`update public.${table} set total = 2`);
      await db.sql.unsafe(`update public.${table} set status = 'lost' where id = 2`);
      await db.sql.unsafe(`update public.${table} set status = 'shipped', card = '1' where id in (1, 2)`);
      const runs = await runsOf(db, flow);
      assertEquals((await told(db, flow)).toSorted(), ["insert:2", "update:1", "update:2"]);
      assert(runs.every(({ input }) => !JSON.stringify(input).includes("card")));
      // A change of nothing but what is left out is none.
      await on(db, table, flow, { on: ["update"], exclude: ["card"] });
      await db.sql.unsafe(`update public.${table} set card = '2'`);
      assertEquals((await runsOf(db, flow)).length, 3);
    },
    "a column that was left out and got another name stops it, and shows": async (db) => {
      const { flow, table } = await scene(db);
      const { id } = await on(db, table, flow, { exclude: ["card"] });
      await db.sql.unsafe(`alter table public.${table} rename column card to pan`);
      await db.sql.unsafe(`insert into public.${table} values (1), (2)`);
      assertEquals(await told(db, flow), []);
      const { state, skipped_because } = await change(db, id);
      assertEquals([state, skipped_because], ["column_gone", { column_gone: 2 }]);
    },
    "1,000 rows in one statement: a run each, or batches, up to the limit": async (db) => {
      const { flow, table } = await scene(db);
      const insert = (from: number, count: number) =>
        db.sql.unsafe(`insert into public.${table} (id) select n from generate_series(${from}, ${from + count - 1}) n`);
      await on(db, table, flow);
      await insert(1, 1000);
      const runs = await runsOf(db, flow);
      assertEquals([runs.length, new Set(runs.map(({ input }) => input.record?.["id"])).size], [1000, 1000]);
      assertEquals(new Set(runs.map(({ input }) => input.event_id)).size, 1000);
      await forget(db, flow);

      const { id } = await on(db, table, flow, { batch: 400, max_runs: 2 });
      await insert(1001, 1000);
      const batches = (await runsOf(db, flow)).map(({ input }) => input);
      assertEquals(batches.map(({ count, records, record }) => [count, records.length, record ?? null]), [
        [400, 400, null],
        [400, 400, null],
      ]);
      assertEquals(batches[0]!.records[0]!.old_record, null);
      assertEquals((await change(db, id)).skipped_because, { too_many_rows: 200 });
    },
    "two flows, and two sets of options for one": async (db) => {
      const { tenant, flow, table } = await scene(db);
      const other = await createFlow(db, tenant);
      await on(db, table, flow, { on: ["insert"], when: { status: "a" } });
      await on(db, table, flow, { on: ["insert"], when: { status: "b" }, name: "second" });
      await on(db, table, other, { on: ["insert"] });
      await db.sql.unsafe(`insert into public.${table} values (1, 'a'), (2, 'b'), (3, 'c')`);
      assertEquals((await told(db, flow)).toSorted(), ["insert:1", "insert:2"]);
      assertEquals((await told(db, other)).length, 3);
    },
  },
  "what keeps a run from being started": {
    "never disturbs the change, and is counted": async (db) => {
      const { tenant, flow, table } = await scene(db);
      const { id } = await on(db, table, flow);
      let next = 1;
      const insert = (rows: number) =>
        db.sql.unsafe(
          `insert into public.${table} (id) select n from generate_series(${next}, ${(next += rows) - 1}) n`,
        );
      await db.sql`update public.flows set is_active = false where id = ${flow}`;
      await insert(3);
      await insert(2);
      assertEquals((await change(db, id)).state, "flow_inactive");
      await db.sql`update public.flows set is_active = true where id = ${flow}`;
      await db.sql`update public.organizations set suspended_at = now() where id = ${tenant.organizationId}`;
      await insert(1);
      await db.sql`update public.organizations set suspended_at = null where id = ${tenant.organizationId}`;
      await rpc(db, tenant.user, "delete_flow", { p_flow_id: flow });
      await insert(4);
      assertEquals(await told(db, flow), []);
      const { state, skipped, skipped_because } = await change(db, id);
      assertEquals([state, skipped], ["flow_deleted", 10]);
      assertEquals(skipped_because, { flow_inactive: 5, organization_suspended: 1, flow_deleted: 4 });
      // Not even a flow whose organization is erased.
      await db.sql`update public.flows set current_version_id = null where id = ${flow}`;
      await db.sql`delete from public.flow_versions where flow_id = ${flow}`;
      await db.sql`delete from public.flows where id = ${flow}`;
      await insert(1);
      assertEquals((await change(db, id)).skipped, 11);
    },
    "counting makes no writer wait for another, whatever their isolation": (db) =>
      interleave(db, async (stage) => {
        const { flow, table } = await scene(db);
        const { id } = await on(db, table, flow);
        await db.sql`update public.flows set is_active = false where id = ${flow}`;
        await db.sql.unsafe(`insert into public.${table} values (1)`);
        const [one, two, three] = [
          await stage.session("one"),
          await stage.session("two"),
          await stage.session("three"),
        ];
        await three.run("set transaction isolation level repeatable read");
        await three.run("select 1");
        await one.run(`insert into public.${table} values (2)`);
        await two.run(`insert into public.${table} values (3)`);
        await one.commit();
        await three.run(`insert into public.${table} values (4)`);
        await two.rollback();
        await three.commit();
        assertEquals((await change(db, id)).skipped, 3);
      }),
    "an error on our side is counted, what was begun is undone, and the change stays": async (db) => {
      const { flow, table } = await scene(db);
      const { id } = await on(db, table, flow);
      await db.sql.unsafe(`
        create function public.break_${table}() returns trigger language plpgsql as $$
        begin
          if new.input #>> '{record,id}' = '2' then raise exception 'broken'; end if;
          return new;
        end $$;
        create trigger break_${table} before insert on public.runs for each row execute function public.break_${table}();`);
      try {
        await db.sql.unsafe(`insert into public.${table} values (1), (2), (3)`);
        assertEquals(await told(db, flow), []);
        assertEquals((await change(db, id)).skipped_because, { internal: 3 });
        assertEquals((await db.sql.unsafe(`select 1 from public.${table}`)).length, 3);
        await on(db, table, flow, { required: true });
        await assertFails(db.sql.unsafe(`update public.${table} set status = 'x' where id = 2`), "P0001");
      } finally {
        await db.sql.unsafe(`drop trigger break_${table} on public.runs; drop function public.break_${table}()`);
      }
    },
    "a row of more than 1 MiB starts nothing; where runs are required, it is refused": async (db) => {
      const { flow, table } = await scene(db);
      const { id } = await on(db, table, flow);
      await db.sql.unsafe(`insert into public.${table} values (1, repeat('x', 1100000)), (2, 'y')`);
      assertEquals(await told(db, flow), ["insert:2"]);
      assertEquals((await change(db, id)).skipped_because, { payload_too_large: 1 });
      await on(db, table, flow, { required: true });
      await assertFails(
        db.sql.unsafe(`insert into public.${table} values (3, repeat('x', 1100000))`),
        "payload_too_large",
        413,
      );
      await db.sql`update public.flows set is_active = false where id = ${flow}`;
      await assertFails(db.sql.unsafe(`insert into public.${table} values (3)`), "conflict", 409);
      assertEquals((await db.sql.unsafe(`select 1 from public.${table}`)).length, 2);
    },
    "an open transaction keeps no worker, no other run and not the clock waiting": (db) =>
      interleave(db, async (stage) => {
        const { tenant, flow, table } = await scene(db);
        await on(db, table, flow);
        const engine = engineOf(db);
        const worker = newWorker();
        // The organization had work once, and has none any more.
        const before = await rpc<{ id: string }>(db, tenant.user, "start_run", { p_flow_id: flow });
        await claimOne(engine, worker, before.id);
        await rpc(db, tenant.user, "cancel_run", { p_run_id: before.id });
        for (let n = 0; n < 3; n++) await engine.claimJobs(worker, 10, "worker");
        const writer = await stage.session("writer");
        await writer.run(`insert into public.${table} values (1), (2)`);
        const during = await rpc<{ id: string }>(db, tenant.user, "start_run", { p_flow_id: flow });
        assertEquals((await claimOne(engine, worker)).run_id, during.id);
        const enqueued = await enqueue(db, tenant);
        await service(db, "release_worker", { p_worker_id: worker });
        assertEquals("failed" in await service<object>(db, "tick"), false);
        await hold(db, enqueued);
        await rpc(db, tenant.user, "cancel_run", { p_run_id: during.id });
        await writer.commit();
        await service(db, "tick");
        const found = await engine.claimJobs(newWorker(), 10, "worker");
        assertEquals(found.length, 2);
      }),
    "a limit of the flow makes runs wait, and an open transaction keeps nobody's run from ending": (db) =>
      interleave(db, async (stage) => {
        const { tenant, flow, table } = await scene(db);
        await db.sql`update public.flow_versions set run_limits = '{"max_runs": 1}' where flow_id = ${flow}`;
        await on(db, table, flow);
        const begun = await rpc<{ id: string }>(db, tenant.user, "start_run", { p_flow_id: flow });
        const writer = await stage.session("writer");
        await writer.run(`insert into public.${table} values (1), (2)`);
        await rpc(db, tenant.user, "cancel_run", { p_run_id: begun.id });
        await writer.commit();
        const states = async () =>
          (await db.sql`select j.status from public.job_queue j join public.runs r on r.id = j.run_id
            where r.flow_id = ${flow} order by j.status`).map((row) => row["status"]);
        assertEquals(await states(), ["waiting", "waiting"]);
        // The job that the change left behind does it, and where that comes to nothing, the clock.
        const [job] = await db.sql`
          select count(*)::int as jobs from public.job_queue
          where type = 'runs.admit' and organization_id = ${tenant.organizationId}`;
        assertEquals(job?.["jobs"], 1);
        assertEquals(await service(db, "admit_runs", { p_organization_id: tenant.organizationId }), 1);
        assertEquals(await states(), ["available", "waiting"]);
        assertEquals(await service(db, "admit_runs", { p_organization_id: tenant.organizationId }), 0);
        const [first] = await db
          .sql`select run_id from public.job_queue where status = 'available' and run_id is not null
          and organization_id = ${tenant.organizationId}`;
        await rpc(db, tenant.user, "cancel_run", { p_run_id: first?.["run_id"] });
        await service(db, "tick");
        assertEquals(await states(), ["available"]);
      }),
  },
  "going round in circles": {
    "a run that changes the table it is started by: as deep as the option says": async (db) => {
      const { flow, table } = await scene(db);
      const { id } = await on(db, table, flow, { max_depth: 3 });
      const write = (setting: string, value: string, row: number) =>
        db.sql.begin(async (sql) => {
          await sql`select set_config(${setting}, ${value}, true)`;
          await sql.unsafe(`insert into public.${table} values (${row})`);
        });
      await db.sql.unsafe(`insert into public.${table} values (0)`);
      for (let n = 1; n <= 5; n++) {
        const newest = (await runsOf(db, flow)).at(-1)!;
        // As the HTTP request node and PostgREST do it, and as plain SQL would.
        if (n % 2) {
          await write("request.headers", JSON.stringify({ "idempotency-key": `${newest.id}:pay:split.1` }), n);
        } else await write("millrace.run_id", newest.id, n);
      }
      const runs = await runsOf(db, flow);
      assertEquals(runs.map(({ depth }) => depth), [0, 1, 2, 3]);
      assertEquals(runs.map(({ parent_run_id }) => parent_run_id), [null, ...runs.slice(0, 3).map((run) => run.id)]);
      assertEquals((await change(db, id)).skipped_because, { too_deep: 2 });
    },
    "only runs of the same organization that are under way are believed": async (db) => {
      const [one, two] = [await scene(db), await scene(db)];
      await on(db, one.table, one.flow);
      const foreign = await rpc<{ id: string }>(db, two.tenant.user, "start_run", { p_flow_id: two.flow });
      const ended = await rpc<{ id: string }>(db, one.tenant.user, "start_run", { p_flow_id: one.flow });
      await rpc(db, one.tenant.user, "cancel_run", { p_run_id: ended.id });
      await db.sql`delete from public.runs where flow_id = ${one.flow} and status = 'queued'`;
      for (const [row, key] of [foreign.id, ended.id, unusedId(), "my-key", `${"x".repeat(40)}`].entries()) {
        await db.sql.begin(async (sql) => {
          await sql`select set_config('request.headers', ${JSON.stringify({ "idempotency-key": key })}, true)`;
          await sql.unsafe(`insert into public.${one.table} values (${row})`);
        });
      }
      const runs = (await runsOf(db, one.flow)).filter(({ trigger }) => trigger === "event");
      assertEquals(runs.map(({ depth, parent_run_id }) => [depth, parent_run_id]), Array(5).fill([0, null]));
    },
    "max_depth 0: what runs write starts nothing": async (db) => {
      const { tenant, flow, table } = await scene(db);
      const { id } = await on(db, table, flow, { max_depth: 0 });
      const run = await rpc<{ id: string }>(db, tenant.user, "start_run", { p_flow_id: flow });
      await db.sql.begin(async (sql) => {
        await sql`select set_config('millrace.run_id', ${run.id}, true)`;
        await sql.unsafe(`insert into public.${table} values (1)`);
      });
      await db.sql.unsafe(`insert into public.${table} values (2)`);
      assertEquals((await change(db, id)).skipped_because, { too_deep: 1 });
      assertEquals((await runsOf(db, flow)).filter(({ trigger }) => trigger === "event").length, 1);
    },
    "triggers of the tenant's own that call each other": async (db) => {
      const { flow, table } = await scene(db);
      const { id } = await on(db, table, flow);
      await db.sql.unsafe(`
        create function public.again_${table}() returns trigger language plpgsql as $$
        begin
          if new.id < 40 then insert into public.${table} values (new.id + 1); end if;
          return null;
        end $$;
        create trigger again after insert on public.${table} for each row execute function public.again_${table}();
        insert into public.${table} values (1);`);
      const runs = await runsOf(db, flow);
      assertEquals(runs.length + (await change(db, id)).skipped, 40);
      assert(runs.length > 1 && runs.length < 20, `${runs.length} runs`);
    },
  },
});

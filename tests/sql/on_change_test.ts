/** Row changes that start flows: with the change or not at all, for whoever writes. */
import type postgres from "postgres";
import type { Json } from "../../shared/graph/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { change, forget, on, runsOf, scene, told } from "./_changes.ts";
import { scenarios } from "./_scenarios.ts";
import { assertFails, rpc, service, unusedId } from "./_world.ts";

scenarios("engine.on_change", {
  "with the change": {
    "an insert starts a run with the row, and one token that a worker may claim": async (db) => {
      const { tenant, flow, table } = await scene(db);
      const made = await on(db, table, flow);
      assertEquals([made.table, made.state, made.name, made.operations], [
        `public.${table}`,
        "on",
        "default",
        ["insert", "update", "delete"],
      ]);
      await db.sql.unsafe(`insert into public.${table} values (1, 'new', 12.50, '4242', '["a"]')`);
      const [run] = await runsOf(db, flow);
      assertEquals([run?.trigger, run?.status, run?.depth], ["event", "queued", 0]);
      const { event_id, changed_at, actor, ...input } = run!.input;
      assertEquals(input as Json, {
        type: `public.${table}.insert`,
        operation: "insert",
        schema: "public",
        table,
        record: { id: 1, status: "new", total: 12.5, card: "4242", tags: ["a"] },
        old_record: null,
      });
      assertEquals([event_id.length, isNaN(Date.parse(changed_at)), actor.user_id], [36, false, null]);
      const tokens = await db.sql`
        select status, organization_id from public.job_queue where run_id = ${run!.id}`;
      assertEquals(tokens.map((token) => [token["status"], token["organization_id"]]), [
        ["available", tenant.organizationId],
      ]);
    },
    "updates carry both rows, deletes the old one, in whatever way they come": async (db) => {
      const { flow, table } = await scene(db);
      await on(db, table, flow);
      await db.sql.unsafe(`insert into public.${table} values (1, 'a'), (2, 'a'), (3, 'a')`);
      await forget(db, flow);
      // Keys change too, so that only their order pairs the rows.
      await db.sql.unsafe(`update public.${table} set id = id + 10, status = 'was ' || id`);
      assertEquals(
        (await runsOf(db, flow)).map((
          { input },
        ) => [input.old_record?.["id"], input.record?.["id"], input.record?.["status"]])
          .toSorted(),
        [[1, 11, "was 1"], [2, 12, "was 2"], [3, 13, "was 3"]],
      );
      await forget(db, flow);
      await db.sql.unsafe(`
        insert into public.${table} values (11, 'b'), (14, 'b') on conflict (id) do update set status = excluded.status`);
      assertEquals((await told(db, flow)).toSorted(), ["insert:14", "update:11"]);
      await forget(db, flow);
      await db.sql.unsafe(`
        merge into public.${table} t using (values (11), (15)) v (id) on t.id = v.id
        when matched then delete when not matched then insert (id) values (v.id)`);
      assertEquals((await told(db, flow)).toSorted(), ["delete:11", "insert:15"]);
    },
    "a change that is rolled back, to a savepoint too, starts nothing": async (db) => {
      const { flow, table } = await scene(db);
      await on(db, table, flow);
      await db.sql.begin(async (sql) => {
        await sql.unsafe(`insert into public.${table} values (1)`);
        assertEquals((await sql`select 1 from public.runs where flow_id = ${flow}`).length, 1);
        throw new Error("no");
      }).catch(() => {});
      assertEquals(await told(db, flow), []);
      await db.sql.begin(async (sql) => {
        await sql.unsafe(`insert into public.${table} values (1)`);
        await sql.savepoint(async (inner) => {
          await inner.unsafe(`insert into public.${table} values (2)`);
          throw new Error("no");
        }).catch(() => {});
      });
      assertEquals(await told(db, flow), ["insert:1"]);
      const tokens = await db
        .sql`select 1 from public.job_queue j join public.runs r on r.id = j.run_id where r.flow_id = ${flow}`;
      assertEquals(tokens.length, 1);
    },
    "rows of a partitioned table, also those that move": async (db) => {
      const { flow, table } = await scene(db);
      await db.sql.unsafe(`
        create table public.${table}_parted (id int, day int) partition by range (day);
        create table public.${table}_one partition of public.${table}_parted for values from (0) to (10);
        create table public.${table}_two partition of public.${table}_parted for values from (10) to (20);`);
      await on(db, `${table}_parted`, flow);
      await assertFails(on(db, `${table}_one`, flow), "invalid_request", 400);
      await db.sql.unsafe(`insert into public.${table}_parted values (1, 1), (2, 2), (3, 12)`);
      assertEquals((await told(db, flow)).toSorted(), ["insert:1", "insert:2", "insert:3"]);
      await forget(db, flow);
      await db.sql.unsafe(`update public.${table}_parted set day = 21 - day where id <> 2`).catch(() => {});
      await db.sql.unsafe(`update public.${table}_parted set day = day + 10 where id < 3`);
      assertEquals(
        (await runsOf(db, flow)).map(({ input }) => [
          input.operation,
          input.old_record?.["id"],
          input.old_record?.["day"],
          input.record?.["id"],
          input.record?.["day"],
        ]).toSorted(),
        [["update", 1, 1, 1, 11], ["update", 2, 2, 2, 12]],
      );
    },
    "a worker is woken after the commit, once a statement": async (db) => {
      const { flow, table } = await scene(db);
      await db.sql`delete from private.workers`;
      await db.sql`delete from private.worker_wakes`;
      await db.sql`insert into private.settings (name, value) values ('functions_url', 'https://example.com')
        on conflict do nothing`;
      await on(db, table, flow);
      await db.sql.unsafe(`insert into public.${table} select n from generate_series(1, 20) n`);
      assertEquals((await db.sql`select 1 from private.worker_wakes`).length, 1);
    },
  },
  "who writes": {
    "a signed-in user by her token, although she may not read the row": async (db) => {
      const { tenant, flow, table } = await scene(db);
      await on(db, table, flow, { claims: ["aal", "app_metadata"] });
      const claims = { ...tenant.user.claims, app_metadata: { team: 7 }, secret: "x" };
      await db.as("authenticated", claims, async (sql) => {
        await sql.unsafe(`insert into public.${table} values (1)`);
        assertEquals((await sql.unsafe(`select 1 from public.${table}`)).length, 0);
      });
      const [run] = await runsOf(db, flow);
      assertEquals(run?.input.actor as Json, {
        user_id: tenant.user.id,
        role: "authenticated",
        email: tenant.user.email,
        claims: { aal: "aal1", app_metadata: { team: 7 } },
      });
      assertEquals(run?.created_by, tenant.user.id);
      assertEquals(run?.input.record?.["id"], 1);
    },
    "a user who belongs to no organization, and one of another identity provider": async (db) => {
      const { flow, table } = await scene(db);
      await on(db, table, flow);
      const stranger = await db.createUser();
      await db.as("authenticated", stranger.claims, (sql) => sql.unsafe(`insert into public.${table} values (1)`));
      const foreign = { sub: "auth0|12345", role: "authenticated" };
      await db.as("authenticated", foreign, async (sql) => {
        await sql.unsafe(`insert into public.${table} values (2)`);
        // What the trigger does with the claims of the session is not seen outside of it.
        const [row] = await sql`select current_setting('request.jwt.claims')::jsonb ->> 'sub' as sub`;
        assertEquals(row?.["sub"], "auth0|12345");
      });
      const [one, two] = await runsOf(db, flow);
      assertEquals([one?.input.actor.user_id, one?.created_by], [stranger.id, stranger.id]);
      assertEquals([two?.input.actor.user_id, two?.created_by], ["auth0|12345", null]);
    },
    "the service, plain SQL, and claims that are no JSON": async (db) => {
      const { flow, table } = await scene(db);
      await on(db, table, flow);
      await db.as("service_role", {}, (sql) => sql.unsafe(`insert into public.${table} values (1)`));
      await db.sql.unsafe(`insert into public.${table} values (2)`);
      await db.sql.begin(async (sql) => {
        await sql`select set_config('request.jwt.claims', 'broken', true), set_config('request.headers', 'idempotency-key', true)`;
        await sql.unsafe(`insert into public.${table} values (3)`);
      });
      const [user] = await db.sql`select session_user as name`;
      assertEquals(
        (await runsOf(db, flow)).map(({ input, created_by }) => [input.actor.role, input.actor.user_id, created_by]),
        [
          ["service_role", null, null],
          [user?.["name"], null, null],
          [user?.["name"], null, null],
        ],
      );
    },
  },
  "made, found, removed": {
    "again replaces the options, and off removes it": async (db) => {
      const { flow, table } = await scene(db);
      const first = await on(db, table, flow, { on: ["insert", "delete"] });
      const second = await on(db, table, flow, { on: ["insert"], batch: 5 });
      assertEquals([second.id, second.operations], [first.id, ["insert"]]);
      assertEquals((await triggersOf(db.sql, table)).length, 1);
      const off = () => service<Json>(db, "off_change", { p_table: `public.${table}`, p_flow_id: flow });
      assertEquals(await off(), { removed: 1 });
      assertEquals(await off(), { removed: 0 });
      assertEquals(await triggersOf(db.sql, table), []);
      await db.sql.unsafe(`insert into public.${table} values (1)`);
      assertEquals(await told(db, flow), []);
      await on(db, table, flow);
      await on(db, table, flow, { name: "two" });
      assertEquals(await service<Json>(db, "off_change", { p_table: `public.${table}` }), { removed: 2 });
    },
    "the table and the flow may be renamed; a table that is dropped is forgotten": async (db) => {
      const { tenant, flow, table } = await scene(db);
      const { id } = await on(db, table, flow);
      await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_name: "Renamed" });
      await db.sql.unsafe(`alter table public.${table} rename to "Odd, ${table}"`);
      await db.sql.unsafe(`insert into public."Odd, ${table}" values (1)`);
      assertEquals(await told(db, flow), ["insert:1"]);
      assertEquals((await change(db, id)).table, `public."Odd, ${table}"`);
      await db.sql.unsafe(`alter table public."Odd, ${table}" disable trigger user`);
      assertEquals((await change(db, id)).state, "disabled");
      await db.sql.unsafe(`drop table public."Odd, ${table}"`);
      assertEquals((await change(db, id)).state, "table_gone");
      const other = await scene(db);
      await on(db, other.table, other.flow);
      assertEquals((await db.sql`select 1 from private.change_triggers where id = ${id}`).length, 0);
    },
    "two calls at once make one": async (db) => {
      const { flow, table } = await scene(db);
      const made = await Promise.all([1, 2, 3].map((batch) => on(db, table, flow, { batch })));
      assertEquals(new Set(made.map(({ id }) => id)).size, 1);
      assertEquals((await triggersOf(db.sql, table)).length, 3);
    },
    "only the service and who owns the schema may": async (db) => {
      const { tenant, flow, table } = await scene(db);
      for (const name of ["on_change", "off_change"]) {
        await assertFails(
          db.as(
            "authenticated",
            tenant.user.claims,
            (sql) => sql.unsafe(`select engine.${name}('public.${table}', '${flow}')`),
          ),
          "42501",
        );
      }
      await assertFails(
        db.as("authenticated", tenant.user.claims, (sql) => sql`select * from engine.changes`),
        "42501",
      );
    },
    "what can not be, says so": async (db) => {
      const { tenant, flow, table } = await scene(db);
      await db.sql.unsafe(`create view public.${table}_view as select 1 as one`);
      await assertFails(on(db, table, unusedId()), "not_found", 404);
      await assertFails(on(db, `${table}_view`, flow), "invalid_request", 400);
      await assertFails(on(db, "no_such_table", flow), "42P01");
      const bad: { [key: string]: Json }[] = [
        { when: { nothing: 1 } },
        { columns: ["nothing"] },
        { exclude: ["nothing"] },
        { columns: ["status"], on: ["insert"] },
        { on: ["truncate"] },
        { on: "insert" },
        { on: [1] },
        { batch: 0 },
        { batch: 1.5 },
        { max_runs: 10_001 },
        { max_depth: 11 },
        { required: "yes" },
        { name: "Robert'; drop table" },
        { trigger_node: "nowhere" },
        { sql: "1 = 1" },
      ];
      for (const options of bad) {
        await assertFails(on(db, table, flow, options), "invalid_request", 400).catch((error) => {
          throw new Error(`${JSON.stringify(options)}: ${error.message}`);
        });
      }
      assertEquals(await triggersOf(db.sql, table), []);
      await rpc(db, tenant.user, "delete_flow", { p_flow_id: flow });
      await assertFails(on(db, table, flow), "not_found", 404);
    },
    "no table of ours, nor of the platform": async (db) => {
      const { flow } = await scene(db);
      await db.sql`select engine.ensure_partitions(1)`;
      const own = await db.sql`
        select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and (n.nspname in ('engine', 'private') or n.nspname = 'public' and c.relname !~ '_\\d+(_|$)|Odd'
          or n.nspname = 'public' and c.relname ~ '_\\d{4}w\\d\\d$')`;
      assert(own.length > 40, `${own.length} tables`);
      for (const { name } of own) {
        await assertFails(
          service(db, "on_change", { p_table: name, p_flow_id: flow }),
          "invalid_request",
          400,
        ).catch((error) => {
          throw new Error(`${name}: ${error.message}`);
        });
      }
      await assertFails(
        service(db, "on_change", { p_table: "pg_catalog.pg_class", p_flow_id: flow }),
        "invalid_request",
        400,
      );
    },
  },
});

async function triggersOf(sql: postgres.Sql, table: string): Promise<string[]> {
  const rows = await sql`
    select tgname from pg_trigger where tgrelid = ${`public.${table}`}::regclass and not tgisinternal order by tgname`;
  return rows.map((row) => row["tgname"]);
}

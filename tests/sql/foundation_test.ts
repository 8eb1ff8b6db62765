import { assert, assertEquals } from "../helpers/assert.ts";
import { withDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { assertFails, createTenant, failureOf, rpc, service } from "./_world.ts";

Deno.test("private.uuid_v7_floor() is the least id of its millisecond", () =>
  withDatabase(async (db) => {
    const [row] = await db.sql`
      select bool_and(private.uuid_v7_floor(at) <= id and id < private.uuid_v7_floor(at + interval '1 millisecond')) as between
      from (
        select at, private.uuid_v7(at) as id
        from generate_series('2026-01-01Z'::timestamptz, '2026-01-02Z', interval '97.531 seconds') as at
      ) as ids`;
    assertEquals(row?.between, true);
    const [floor] = await db.sql`select private.uuid_v7_floor('1970-01-01T00:00:00.001Z')::text as id`;
    assertEquals(floor?.id, "00000000-0001-0000-0000-000000000000");
  }));

Deno.test("engine.configure() works without pg_cron and pg_net", () =>
  withDatabase(async (db) => {
    await db.sql`drop schema cron cascade`;
    await db.sql`drop schema net cascade`;
    const reply = await service(db, "configure", { p_functions_url: "http://localhost:1" });
    assertEquals(reply, { functions_url: "http://localhost:1", cron_jobs: [], can_call_functions: false });
    const tenant = await createTenant(db);
    assert(await rpc(db, tenant.user, "gate"));
  }));

scenarios("foundation", {
  "private.fail()": {
    "gives PostgREST the code, the message, the details and the status": async (db) => {
      const call = db.sql`select private.fail('conflict', 'Say "why"', 409, '{"problems": []}'::jsonb)`;
      assertEquals(await failureOf(call), { code: "conflict", message: 'Say "why"', status: 409 });
      const error = await db.sql`select private.fail('conflict', 'x', 409, '[1]'::jsonb)`.catch((error) => error);
      assertEquals(JSON.parse(error.message), { code: "conflict", message: "x", details: "[1]", hint: null });
      assertEquals(JSON.parse(error.detail), { status: 409, headers: {} });
    },
    "is a 400 when nothing else is said": async (db) => {
      await assertFails(db.sql`select private.fail('invalid_request', 'No')`, "invalid_request", 400);
    },
  },
  "private.now()": {
    "is the clock": async (db) => {
      const [row] = await db.sql`select abs(extract(epoch from private.now() - clock_timestamp()))::float8 as off`;
      assert(row?.off < 1);
    },
    "is what millrace.now says": async (db) => {
      const at = await db.sql.begin(async (sql) => {
        await sql`set local millrace.now = '2026-01-01T00:00:00Z'`;
        return (await sql`select private.now() as at`)[0]?.at;
      });
      assertEquals(at.toISOString(), "2026-01-01T00:00:00.000Z");
    },
    "is the clock again when millrace.now is empty": async (db) => {
      const year = await db.sql.begin(async (sql) => {
        await sql`set local millrace.now = ''`;
        return (await sql`select extract(year from private.now())::int as year`)[0]?.year;
      });
      assert(year >= 2026);
    },
  },
  "private.uuid_v7()": {
    "has version 7 and the RFC's variant": async (db) => {
      const rows = await db.sql<{ id: string }[]>`select private.uuid_v7() as id from generate_series(1, 500)`;
      for (const { id } of rows) {
        assert(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id), id);
      }
      assertEquals(new Set(rows.map((row) => row.id)).size, 500);
    },
    "holds its millisecond": async (db) => {
      const [row] = await db.sql<{ id: string }[]>`select private.uuid_v7('2026-03-04T05:06:07.891Z') as id`;
      const milliseconds = Number.parseInt(row!.id.replaceAll("-", "").slice(0, 12), 16);
      assertEquals(new Date(milliseconds).toISOString(), "2026-03-04T05:06:07.891Z");
    },
    "is ordered by time": async (db) => {
      const [row] = await db.sql`
        select bool_and(earlier < later) as ordered from (
          select private.uuid_v7(at) as earlier, private.uuid_v7(at + interval '1 millisecond') as later
          from generate_series('1970-01-01Z'::timestamptz, '2200-01-01Z', interval '37 days 1.234 seconds') as at
        ) as pairs`;
      assertEquals(row?.ordered, true);
    },
    "follows millrace.now": async (db) => {
      const id = await db.sql.begin(async (sql) => {
        await sql`set local millrace.now = '2026-01-01T00:00:00Z'`;
        return (await sql`select private.uuid_v7()::text as id`)[0]?.id as string;
      });
      const [row] = await db.sql`select private.uuid_v7_floor('2026-01-01T00:00:00Z')::text as floor`;
      assertEquals(id.slice(0, 13), row?.floor.slice(0, 13));
    },
  },
  "private.touch() and private.refuse_change()": {
    "an update raises the version by one and stamps the time": async (db) => {
      const tenant = await createTenant(db);
      const [before] = await db
        .sql`select version, updated_at from public.organizations where id = ${tenant.organizationId}`;
      await db.sql`update public.organizations set name = 'New' where id = ${tenant.organizationId}`;
      const [after] = await db
        .sql`select version, updated_at from public.organizations where id = ${tenant.organizationId}`;
      assertEquals(after?.version, before?.version + 1);
      assert(after?.updated_at > before?.updated_at);
    },
    "an update cannot set the version itself": async (db) => {
      const tenant = await createTenant(db);
      await db.sql`update public.organizations set version = 99 where id = ${tenant.organizationId}`;
      const [row] = await db.sql`select version from public.organizations where id = ${tenant.organizationId}`;
      assertEquals(row?.version, 2);
    },
  },
  "engine.configure()": {
    "keeps the address and schedules the clock once, however often it is called": async (db) => {
      const rows = await db.sql`select 'millrace-' || name as job from private.system_tasks order by name`;
      const tasks = rows.map((row) => row.job);
      const first = await service(db, "configure", { p_functions_url: "https://example.com/functions/v1/" });
      const again = await service(db, "configure", { p_functions_url: "https://example.com/functions/v1" });
      assertEquals(again, first);
      assertEquals(first, {
        functions_url: "https://example.com/functions/v1",
        cron_jobs: ["millrace-tick", "millrace-task-watch", "millrace-task-starts", ...tasks],
        can_call_functions: true,
      });
      const [row] = await db
        .sql`select private.setting('functions_url') as url, private.setting('max_workers') as workers`;
      assertEquals({ ...row }, { url: "https://example.com/functions/v1", workers: "4" });
      const jobs = await db.sql`select jobname, schedule, command from cron.job order by jobid`;
      assertEquals(jobs.map((job) => job.jobname), [
        "millrace-tick",
        "millrace-task-watch",
        "millrace-task-starts",
        ...tasks,
      ]);
      for (const { command } of jobs) await db.sql.unsafe(command);
    },
    "refuses what is no address": async (db) => {
      for (const url of ["ftp://example.com", "example.com", "https://a b", "", null]) {
        await assertFails(service(db, "configure", { p_functions_url: url }), "invalid_request", 400);
      }
    },
    "a setting that was never made is null": async (db) => {
      assertEquals((await db.sql`select private.setting('nothing') as value`)[0]?.value, null);
    },
  },
});

/** The numbers of the queue for tenants and operators, and the views that the dashboard of Supabase shows. */
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { lapse } from "./_engine.ts";
import { ended, enqueue, hold } from "./_job_control.ts";
import { scenarios } from "./_scenarios.ts";
import { addMember, assertFails, createFlow, createTenant, rpc, service, startRun } from "./_world.ts";

interface Depth {
  queued: number;
  delayed: number;
  blocked: number;
  running: number;
  dead_letters: number;
  oldest_due_seconds: number | null;
}

interface Throughput {
  completed: number;
  retried: number;
  dead: number;
  failure_rate: number | null;
  avg_busy_ms: number | null;
  wait_p50_ms: number | null;
}

interface Statistics {
  jobs: Depth;
  steps: Depth;
  throughput: Throughput;
  types: (Depth & Throughput & { type: string })[];
  series: { minute: string; completed: number; retried: number; dead: number }[];
  workers?: { alive: number; lost: number; jobs: number; steps: number };
  stuck?: Record<string, number>;
  organizations?: { deepest: { organization_id: string; queued: number }[]; oldest: { organization_id: string }[] };
}

/** What a view shows to the service. */
function view<T extends object>(db: TestDatabase, name: string, where = "true"): Promise<T[]> {
  return db.as(
    "service_role",
    {},
    async (sql) => [...await sql.unsafe(`select * from engine.${name} where ${where}`)] as T[],
  );
}

scenarios("numbers of the queue", {
  "statistics": {
    "how much there is, by state and type, and what ended": async (db) => {
      const [tenant, other] = [await createTenant(db), await createTenant(db)];
      await ended(db, tenant, "completed");
      await ended(db, tenant, "failed");
      await ended(db, tenant, "completed", { type: "test.mail" });
      await hold(db, await enqueue(db, tenant));
      await enqueue(db, tenant, { delay_seconds: 600 });
      const due = await enqueue(db, tenant);
      await db.sql`update public.job_queue set scheduled_for = now() - interval '90 seconds' where id = ${due}`;
      await startRun(db, tenant, await createFlow(db, tenant));
      await enqueue(db, other);
      const numbers = await rpc<Statistics>(db, tenant.user, "queue_statistics", {
        p_organization_id: tenant.organizationId,
      });
      const { jobs, steps, throughput, types, series } = numbers;
      assertEquals([jobs.queued, jobs.delayed, jobs.running, jobs.blocked, jobs.dead_letters], [1, 1, 1, 0, 1]);
      assert(jobs.oldest_due_seconds !== null && jobs.oldest_due_seconds >= 90, `${jobs.oldest_due_seconds} s`);
      assertEquals([steps.queued, "dead_letters" in steps], [1, false]);
      assertEquals([throughput.completed, throughput.retried, throughput.dead], [2, 0, 1]);
      assertEquals([throughput.failure_rate, throughput.avg_busy_ms], [0.3333, 20]);
      assert(throughput.wait_p50_ms !== null);
      assertEquals(types.map(({ type, queued, completed, dead }) => [type, queued, completed, dead]), [
        ["test.mail", 0, 1, 0],
        ["test.work", 1, 1, 1],
      ]);
      assertEquals([series.length, series.reduce((sum, { completed, dead }) => sum + completed + dead, 0)], [60, 3]);
      assertEquals(["workers" in numbers, "organizations" in numbers], [false, false]);
    },
    "of nothing, and of too much": async (db) => {
      const tenant = await createTenant(db);
      const ask = (p_minutes: number) =>
        rpc<Statistics>(db, tenant.user, "queue_statistics", { p_organization_id: tenant.organizationId, p_minutes });
      const { jobs, throughput, types, series } = await ask(5);
      assertEquals([jobs.queued, jobs.oldest_due_seconds, throughput.failure_rate], [0, null, null]);
      assertEquals([types, series.length], [[], 5]);
      for (const minutes of [0, 1441]) await assertFails(ask(minutes), "invalid_request", 400);
      const guest = await addMember(db, tenant.organizationId, "guest");
      await assertFails(
        rpc(db, guest, "queue_statistics", { p_organization_id: tenant.organizationId }),
        "forbidden",
        403,
      );
    },
    "for operators: over all organizations, the deepest and the oldest, workers, what is stuck": async (db) => {
      const [deep, old] = [await createTenant(db), await createTenant(db)];
      await db.sql`delete from public.job_queue`;
      await db.sql`delete from private.job_leases`;
      await hold(db, await enqueue(db, null));
      for (let n = 0; n < 3; n++) await enqueue(db, deep);
      const late = await enqueue(db, old);
      await db.sql`update public.job_queue set scheduled_for = now() - interval '1 hour' where id = ${late}`;
      const { organizations, workers, stuck, jobs } = await service<Statistics>(db, "queue_statistics", {});
      assertEquals(organizations?.deepest.map((row) => [row.organization_id, row.queued]), [
        [deep.organizationId, 3],
        [old.organizationId, 1],
      ]);
      assertEquals(organizations?.oldest[0]?.organization_id, old.organizationId);
      assertEquals([workers?.jobs, stuck, jobs.queued], [1, { not_claimed: 1 }, 4]);
    },
  },
  "views": {
    "engine.jobs has the columns that people know, over queue, workers and history": async (db) => {
      const tenant = await createTenant(db);
      const ids = [await ended(db, tenant, "completed"), await enqueue(db, tenant)];
      await hold(db, ids[1]!);
      ids.push(await enqueue(db, tenant));
      const rows = await view<{ id: string; status: string }>(
        db,
        "jobs",
        `organization_id = '${tenant.organizationId}'`,
      );
      assertEquals(
        new Map(rows.map(({ id, status }) => [id, status])),
        new Map([
          [ids[0], "completed"],
          [ids[1], "running"],
          [ids[2], "queued"],
        ]),
      );
      const known = "id type payload status priority attempts max_attempts scheduled_for started_at completed_at " +
        "error_message created_at";
      const columns = Object.keys(rows[0]!);
      assertEquals(known.split(" ").filter((column) => !columns.includes(column)), []);
    },
    "engine.dead_letters says why, until they are repeated": async (db) => {
      const tenant = await createTenant(db);
      const id = await ended(db, tenant, "failed");
      const [row] = await view<{ error_code: string; error_message: string }>(db, "dead_letters", `id = '${id}'`);
      assertEquals([row?.error_code, row?.error_message], ["mail_refused", "The server said no"]);
      await service(db, "retry_job", { p_job_id: id });
      assertEquals(await view(db, "dead_letters", `id = '${id}'`), []);
    },
    "engine.queue_depth and engine.queue_organizations add up to the same": async (db) => {
      const tenant = await createTenant(db);
      await db.sql`delete from public.job_queue`;
      for (let n = 0; n < 4; n++) await enqueue(db, tenant, { type: n < 3 ? "test.a" : "test.b" });
      await enqueue(db, tenant, { delay_seconds: 5 });
      const depth = await view<{ type: string; status: string; jobs: string }>(db, "queue_depth", "type like 'test.%'");
      assertEquals(
        depth.map(({ type, status, jobs }) => `${type} ${status} ${jobs}`).filter((line) => !line.includes("running"))
          .toSorted(),
        ["test.a queued 3", "test.b queued 1", "test.work delayed 1"],
      );
      const [row] = await view<{ queued: string; delayed: string; name: string; weight: number }>(
        db,
        "queue_organizations",
        `organization_id = '${tenant.organizationId}'`,
      );
      assertEquals([row?.queued, row?.delayed], ["4", "1"]);
      assert(row!.weight >= 1 && row!.name.length > 0);
    },
    "engine.workers shows who holds how much": async (db) => {
      const tenant = await createTenant(db);
      const { worker } = await hold(db, await enqueue(db, tenant));
      const [alive] = await view<{ is_alive: boolean; jobs: string }>(db, "workers", `id = '${worker}'`);
      assert(alive?.is_alive && Number(alive.jobs) >= 1);
      await lapse(db, worker);
      assertEquals((await view<{ is_alive: boolean }>(db, "workers", `id = '${worker}'`))[0]?.is_alive, false);
    },
    "engine.stuck names what is older than it should be, and nothing else": async (db) => {
      const tenant = await createTenant(db);
      const problems = async () =>
        Object.fromEntries(
          (await view<{ id: string; problem: string; why: string }>(
            db,
            "stuck",
            `organization_id = '${tenant.organizationId}'`,
          )).map(({ id, problem, why }) => [id, why.length > 20 ? problem : ""]),
        );
      const ids: string[] = [];
      for (let n = 0; n < 4; n++) ids.push(await enqueue(db, tenant, { type: `test.${n}` }));
      const [lost = "", long = "", deaf = "", fine = ""] = ids;
      const workers = new Map<string, string>();
      for (const id of ids) {
        // One each: whoever claims takes only what is due.
        await db
          .sql`update public.job_queue set status = 'waiting', scheduled_for = now() + interval '1 hour' where id <> ${id} and id = any (${ids})`;
        await db.sql`update public.job_queue set status = 'available', scheduled_for = now() where id = ${id}`;
        workers.set(id, (await hold(db, id)).worker);
      }
      const due = await enqueue(db, tenant, { delay_seconds: 5 });
      await startRun(db, tenant, await createFlow(db, tenant));
      assertEquals(await problems(), {});
      await db.sql`delete from private.workers where id = ${workers.get(lost)!}`;
      await db.sql`update private.job_leases set started_at = now() - interval '1 hour' where worker_id = ${workers.get(
        long,
      )!}`;
      await service(db, "cancel_job", { p_job_id: deaf });
      await db
        .sql`update private.job_states set cancel_requested_at = now() - interval '2 minutes' where job_id = ${deaf}`;
      await db.sql`update public.job_queue set scheduled_for = now() - interval '2 minutes' where id = ${due}`;
      await db.sql`update public.job_queue set deadline_at = now() - interval '2 minutes'
        where organization_id = ${tenant.organizationId} and type = 'flow.step'`;
      const found = await problems();
      assertEquals([found[lost], found[long], found[deaf], found[due], found[fine]], [
        "worker_lost",
        "long_running",
        "ignores_cancel",
        "not_claimed",
        undefined,
      ]);
      assertEquals(Object.values(found).filter((problem) => problem === "past_deadline").length, 1);
    },
  },
});

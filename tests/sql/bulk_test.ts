/** Bulk operations: batches by the clock, under the rights of who asked, past runs that refuse or are held. */
import type { Json } from "../../shared/graph/mod.ts";
import type { TestDatabase, TestUser } from "../helpers/postgres.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { interleave } from "./_interleave.ts";
import { scenarios } from "./_scenarios.ts";
import {
  addMember,
  assertFails,
  createFlow,
  createTenant,
  rpc,
  service,
  startRun,
  type Tenant,
  unusedId,
} from "./_world.ts";

interface Operation {
  id: string;
  status: string;
  total: number;
  done: number;
  failed: number;
  errors: { run_id: string; code: string }[];
  error: { code: string } | null;
}

async function tenantWithRuns(
  db: TestDatabase,
  count: number,
): Promise<{ tenant: Tenant; flow: string; runs: string[] }> {
  // What tests before this one left would have its turn first.
  await db.sql`delete from public.bulk_operations`;
  const tenant = await createTenant(db);
  const flow = await createFlow(db, tenant);
  const runs: string[] = [];
  for (let n = 0; n < count; n++) runs.push(await startRun(db, tenant, flow));
  return { tenant, flow, runs };
}

const ask = (db: TestDatabase, user: TestUser, tenant: Tenant, action: string, filter: { [key: string]: Json }) =>
  rpc<Operation>(db, user, "create_bulk_operation", {
    p_organization_id: tenant.organizationId,
    p_action: action,
    p_filter: filter,
  });

async function work(db: TestDatabase, runs = 200): Promise<number> {
  const [row] = await db.sql<{ count: number }[]>`select private.work_bulk_operations(${runs}) as count`;
  return row?.count ?? 0;
}

async function find(db: TestDatabase, id: string): Promise<Operation> {
  const [row] = await db.sql<Operation[]>`
    select id, status, total, done, failed, errors, error from public.bulk_operations where id = ${id}`;
  return { ...row! };
}

async function statuses(db: TestDatabase, runs: string[]): Promise<string[]> {
  const rows = await db.sql<{ status: string }[]>`select status from public.runs where id = any (${runs}) order by id`;
  return rows.map(({ status }) => status);
}

scenarios("bulk operations", {
  "by the clock": {
    "runs are cancelled in bounded batches, and those that begin later are left alone": async (db) => {
      const { tenant, flow, runs } = await tenantWithRuns(db, 5);
      const { id, total, status } = await ask(db, tenant.user, tenant, "cancel", { flow_id: flow });
      assertEquals([total, status], [5, "queued"]);
      const later = await startRun(db, tenant, flow);
      assertEquals(await work(db, 2), 2);
      assertEquals((await find(db, id)).status, "running");
      assertEquals(await statuses(db, runs), ["cancelled", "cancelled", "queued", "queued", "queued"]);
      await work(db, 2);
      await work(db, 2);
      const { status: ended, done, failed } = await find(db, id);
      assertEquals([ended, done, failed], ["completed", 5, 0]);
      assertEquals(await statuses(db, [...runs, later]), [...Array(5).fill("cancelled"), "queued"]);
      assertEquals(await work(db), 0);
    },
    "its own job works it off, one batch a call; one that somebody is at is left to them": (db) =>
      interleave(db, async (stage) => {
        const { tenant, flow } = await tenantWithRuns(db, 3);
        const { id } = await ask(db, tenant.user, tenant, "cancel", { flow_id: flow });
        const batch = (p_runs: number) =>
          service<{ status: string; worked: number; done: number }>(db, "work_bulk_operation", {
            p_operation_id: id,
            p_runs,
          });
        assertEquals(await batch(2).then(({ status, worked }) => [status, worked]), ["running", 2]);
        const tick = await stage.session("tick");
        await tick.run("select from public.bulk_operations where id = $1 for update", [id]);
        assertEquals(await batch(2).then(({ status, worked }) => [status, worked]), ["running", 0]);
        await tick.rollback();
        assertEquals(await batch(2).then(({ status, worked, done }) => [status, worked, done]), ["completed", 1, 3]);
        assertEquals(await batch(2).then(({ status, worked }) => [status, worked]), ["completed", 0]);
        assertEquals(await service(db, "work_bulk_operation", { p_operation_id: unusedId() }), null);
      }),
    "one of no run is completed as it is made, without a job": async (db) => {
      const { tenant } = await tenantWithRuns(db, 0);
      const { id, status, total } = await ask(db, tenant.user, tenant, "cancel", { status: ["paused"] });
      assertEquals([status, total, (await find(db, id)).status], ["completed", 0, "completed"]);
      assertEquals((await db.sql`select 1 from public.job_queue where unique_key = ${id}`).length, 0);
    },
    "the tick works them off, and pausing, resuming, retrying and deleting follow each other": async (db) => {
      const { tenant, flow, runs } = await tenantWithRuns(db, 3);
      const all = async (action: string) => {
        const { id } = await ask(db, tenant.user, tenant, action, { flow_id: flow });
        await service(db, "tick");
        const { status, done } = await find(db, id);
        assertEquals([status, done], ["completed", 3], action);
      };
      await all("pause");
      assertEquals(await statuses(db, runs), Array(3).fill("paused"));
      await all("resume");
      assertEquals(await statuses(db, runs), Array(3).fill("queued"));
      await all("cancel");
      await all("retry");
      const made = await db.sql`
        select created_by, retry_of from public.runs where flow_id = ${flow} and status = 'queued' order by retry_of`;
      assertEquals(
        made.map(({ created_by, retry_of }) => [created_by, retry_of]),
        runs.toSorted().map((run) => [tenant.user.id, run]),
      );
      await all("delete");
      assertEquals(await statuses(db, runs), []);
    },
    "deleted runs stand in the audit log, ninety to a row, by flow and status, under the name of who asked": async (
      db,
    ) => {
      const { tenant, flow } = await tenantWithRuns(db, 0);
      const other = await createFlow(db, tenant);
      const add = async (flow: string, status: string, count: number) =>
        (await db.sql<{ id: string }[]>`
          insert into public.runs (organization_id, flow_id, flow_version_id, trigger, input, deadline_at, status, error, started_at, finished_at)
          select ${tenant.organizationId}, ${flow}, gen_random_uuid(), 'manual', '{}', now(), ${status},
            case when ${status} = 'failed' then '{"code": "internal"}'::jsonb end, now(), now()
          from generate_series(1, ${count}) returning id`).map(({ id }) => id).toSorted();
      const [many, failed, others] = [
        await add(flow, "completed", 100),
        await add(flow, "failed", 2),
        await add(other, "completed", 1),
      ];
      const { id } = await ask(db, tenant.user, tenant, "delete", { trigger: ["manual"] });
      await work(db, 200);
      assertEquals((await find(db, id)).done, 103);
      const rows = await db.sql`
        select actor, user_id, target_type, before::jsonb as before, details::jsonb as details from public.audit_events
        where target_id = ${id} and action = 'run.deleted' order by id`;
      const about = (flow_id: string, status: string) => ({ flow_id, status, trigger: "manual" });
      assertEquals(rows.map(({ before, details }) => [before, details.count, details.run_ids]), [
        [about(flow, "completed"), 90, many.slice(0, 90)],
        [about(flow, "completed"), 10, many.slice(90)],
        [about(flow, "failed"), 2, failed],
        [about(other, "completed"), 1, others],
      ]);
      assert(rows.every((row) => row["actor"] === "user" && row["user_id"] === tenant.user.id));
      assert(rows.every(({ target_type }) => target_type === "bulk_operation"));
    },
    "a run that refuses is counted, with the reason, and keeps nothing else back": async (db) => {
      const { tenant, flow, runs } = await tenantWithRuns(db, 3);
      await db.sql`select private.end_run(r.id, 'failed', null, '{"code": "internal", "message": "No"}')
        from public.runs r where r.flow_id = ${flow}`;
      await db.sql`update public.flow_versions set run_limits = '{"max_runs": 1, "when_full": "refuse"}'
        where flow_id = ${flow}`;
      const { id } = await ask(db, tenant.user, tenant, "retry", { status: ["failed"], flow_id: flow });
      await work(db);
      const { status, done, failed, errors } = await find(db, id);
      assertEquals([status, done, failed], ["completed", 1, 2]);
      assertEquals(errors.map(({ run_id, code }) => [run_id, code]), [
        [runs[1], "run_limit_reached"],
        [runs[2], "run_limit_reached"],
      ]);
    },
    "a run that somebody holds is tried again, and the clock does not wait for it": (db) =>
      interleave(db, async (stage) => {
        const { tenant, flow, runs } = await tenantWithRuns(db, 3);
        const { id } = await ask(db, tenant.user, tenant, "cancel", { flow_id: flow });
        const holder = await stage.session("holder");
        await holder.run("select from public.runs where id = $1 for update", [runs[1]!]);
        await service(db, "tick");
        assertEquals([(await find(db, id)).status, (await find(db, id)).done], ["running", 2]);
        await service(db, "tick");
        assertEquals([(await find(db, id)).status, (await find(db, id)).done], ["running", 2]);
        await holder.rollback();
        await service(db, "tick");
        assertEquals([(await find(db, id)).status, (await find(db, id)).done], ["completed", 3]);
        assertEquals(await statuses(db, runs), Array(3).fill("cancelled"));
      }),
    "those of several organizations take turns": async (db) => {
      const [one, two] = [await tenantWithRuns(db, 3), await tenantWithRuns(db, 3)];
      const first = await ask(db, one.tenant.user, one.tenant, "cancel", { flow_id: one.flow });
      const second = await ask(db, two.tenant.user, two.tenant, "cancel", { flow_id: two.flow });
      await work(db, 1);
      await work(db, 1);
      assertEquals([(await find(db, first.id)).done, (await find(db, second.id)).done], [1, 1]);
    },
  },
  "rights": {
    "who asked needs the right at each batch": async (db) => {
      const { tenant, flow, runs } = await tenantWithRuns(db, 3);
      const developer = await addMember(db, tenant.organizationId, "developer");
      const { id } = await ask(db, developer, tenant, "cancel", { flow_id: flow });
      await work(db, 1);
      await db.sql`update public.organization_members set role = 'viewer' where user_id = ${developer.id}`;
      await work(db);
      const { status, error, done } = await find(db, id);
      assertEquals([status, error?.code, done], ["failed", "forbidden", 1]);
      assertEquals(await statuses(db, runs), ["cancelled", "queued", "queued"]);
      assertEquals(await work(db), 0);
    },
    "it means the runs of the organization only, and nobody leaves their name in the session": async (db) => {
      const [one, two] = [await tenantWithRuns(db, 1), await tenantWithRuns(db, 1)];
      const { total } = await ask(db, one.tenant.user, one.tenant, "cancel", { flow_id: two.flow });
      assertEquals(total, 0);
      const all = await ask(db, one.tenant.user, one.tenant, "cancel", { status: ["queued"] });
      assertEquals(all.total, 1);
      const claims = await db.sql.begin(async (sql) => {
        await sql`select private.work_bulk_operations()`;
        await sql`select private.work_bulk_operations()`;
        return await sql`select nullif(current_setting('request.jwt.claims', true), '') as claims`;
      });
      assertEquals(claims[0]?.claims, null);
      assertEquals(await statuses(db, [...one.runs, ...two.runs]), ["cancelled", "queued"]);
      await assertFails(ask(db, one.tenant.user, two.tenant, "cancel", { status: ["queued"] }), "not_found", 404);
    },
    "what is no filter is refused, an empty one too, and ten at once are enough": async (db) => {
      const { tenant, flow } = await tenantWithRuns(db, 1);
      const wrong: { [key: string]: Json }[] = [
        {},
        { flow: flow },
        { flow_id: "nope" },
        { flow_id: [flow] },
        { status: "failed" },
        { created_after: "soon" },
      ];
      for (const filter of wrong) {
        await assertFails(ask(db, tenant.user, tenant, "cancel", filter), "invalid_request", 400);
      }
      await assertFails(ask(db, tenant.user, tenant, "explode", { flow_id: flow }), "invalid_request", 400);
      for (let n = 0; n < 10; n++) await ask(db, tenant.user, tenant, "cancel", { flow_id: flow });
      await assertFails(ask(db, tenant.user, tenant, "cancel", { flow_id: flow }), "conflict", 409);
    },
    "it can be stopped, and what it has done stays": async (db) => {
      const { tenant, flow, runs } = await tenantWithRuns(db, 3);
      const { id } = await ask(db, tenant.user, tenant, "cancel", { flow_id: flow });
      await work(db, 1);
      const stop = () => rpc<Operation>(db, tenant.user, "cancel_bulk_operation", { p_operation_id: id });
      assertEquals((await stop()).status, "cancelled");
      assertEquals((await stop()).done, 1);
      assertEquals(await work(db), 0);
      assertEquals(await statuses(db, runs), ["cancelled", "queued", "queued"]);
      const done = await ask(db, tenant.user, tenant, "pause", { flow_id: flow });
      await work(db);
      await assertFails(rpc(db, tenant.user, "cancel_bulk_operation", { p_operation_id: done.id }), "conflict", 409);
    },
  },
  "time filters": {
    "an operation finds what the list would": async (db) => {
      const { tenant, flow } = await tenantWithRuns(db, 2);
      const total = async (filter: { [key: string]: Json }) =>
        (await ask(db, tenant.user, tenant, "cancel", { flow_id: flow, ...filter })).total;
      assertEquals(await total({ created_after: "2000-01-01T00:00:00Z" }), 2);
      assertEquals(await total({ created_before: "2000-01-01T00:00:00Z" }), 0);
      assertEquals(await total({ trigger: ["schedule"] }), 0);
      assertEquals(await total({ trigger: ["schedule", "manual"], status: ["queued", "running"] }), 2);
      assert(await total({ entity_id: crypto.randomUUID() }) === 0);
    },
  },
});

/** What is kept of refused deliveries, what an endpoint's figures say, and the replay of many events. */
import { assertEquals } from "../helpers/assert.ts";
import { scenarios } from "./_scenarios.ts";
import { delivery, tenantWithEndpoint } from "./_webhooks.ts";
import { engineOf } from "./_engine.ts";
import { assertFails, createTenant, rpc, unusedId } from "./_world.ts";

interface Stats {
  events: number;
  held: number;
  repeated: number;
  tests: number;
  replays: number;
  refused: number;
  acceptance_rate: number | null;
  success_rate: number | null;
  runs: { sampled: number; completed: number; failed: number; unfinished: number };
  days: { kept: number; refused: number }[];
}

const REFUSED = {
  detail: "no valid secret of this endpoint makes it",
  method: "POST",
  headers: { "content-type": "text/plain" },
  query: {},
  rawBody: new TextEncoder().encode("x".repeat(9_000)),
  test: false,
};

scenarios("webhooks", {
  "engine.record_webhook_rejection()": {
    "keeps ten a minute and the newest hundred of an endpoint, and counts all": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      const refuse = (test = false) =>
        engineOf(db).recordWebhookRejection(endpoint.id, "signature_mismatch", { ...REFUSED, test });
      const kept = async () => {
        const [row] = await db.sql`
          select count(*)::int as count, max(octet_length(body)) as bytes, max(body_bytes) as whole
          from public.webhook_refusals where endpoint_id = ${endpoint.id}`;
        return [row?.count, row?.bytes, row?.whole];
      };
      for (let n = 0; n < 13; n++) await refuse(n === 12);
      assertEquals(await kept(), [10, 4_096, 9_000]);
      for (let minute = 0; minute < 11; minute++) {
        await db.sql`update public.webhook_refusals set received_at = received_at - interval '1 minute'`;
        for (let n = 0; n < 10; n++) await refuse();
      }
      assertEquals((await kept())[0], 100);
      const [counted] = await db.sql`
        select e.rejected_count::int as total, d.refused::int from public.webhook_endpoints e
        join private.webhook_refusal_days d on d.endpoint_id = e.id where e.id = ${endpoint.id}`;
      assertEquals([counted?.total, counted?.refused], [123, 122], "one of them was a test");
      const see = (user: typeof tenant.user) =>
        db.as("authenticated", { sub: user.id }, (sql) => sql`select id from public.webhook_refusals`);
      assertEquals((await see(tenant.user)).length, 100);
      assertEquals((await see((await createTenant(db)).user)).length, 0);
    },
    "keeps nothing for a receiver of the release before, nor for an endpoint that is gone": async (db) => {
      const { endpoint } = await tenantWithEndpoint(db);
      await db.sql`select engine.record_webhook_rejection(${endpoint.id}, 'signature_mismatch')`;
      await engineOf(db).recordWebhookRejection(unusedId(), "signature_mismatch", REFUSED);
      const [row] = await db.sql`
        select count(*)::int as count from public.webhook_refusals where endpoint_id = ${endpoint.id}`;
      assertEquals(row?.count, 0);
    },
  },

  "public.get_webhook_stats()": {
    "tells events, refusals and how their runs ended, tests and replays aside": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      const stats = (days?: number) =>
        rpc<Stats>(db, tenant.user, "get_webhook_stats", {
          p_endpoint_id: endpoint.id,
          ...(days !== undefined && { p_days: days }),
        });
      const none = await stats();
      assertEquals([none.events, none.acceptance_rate, none.success_rate, none.days.length], [0, null, null, 7]);
      const client = engineOf(db);
      const runs: string[] = [];
      for (let n = 0; n < 4; n++) {
        const { run_id } = await client.ingestWebhook(delivery(endpoint, { eventKey: `e${n}` }));
        runs.push(run_id!);
      }
      await client.ingestWebhook(delivery(endpoint, { eventKey: "e0" }));
      await client.ingestWebhook(delivery(endpoint, { test: true }));
      await db.sql`update public.runs set status = 'completed', started_at = now(), finished_at = now() where id in ${
        db.sql(runs.slice(0, 2))
      }`;
      await db.sql`
        update public.runs set status = 'failed', started_at = now(), finished_at = now(), error = '{"code": "x"}' where id = ${runs[
        2
      ]!}`;
      await client.recordWebhookRejection(endpoint.id, "signature_mismatch", REFUSED);
      const { days, ...now } = await stats(2);
      assertEquals([now.events, now.repeated, now.tests, now.refused, now.acceptance_rate], [4, 1, 1, 1, 0.8]);
      assertEquals(now.runs, { sampled: 4, completed: 2, failed: 1, unfinished: 1 });
      assertEquals(now.success_rate, 0.6667);
      assertEquals(days.map(({ kept, refused }) => [kept, refused]), [[0, 0], [4, 1]]);
      for (const days of [0, 32]) await assertFails(stats(days), "invalid_request", 400);
      const stranger = await createTenant(db);
      await assertFails(rpc(db, stranger.user, "get_webhook_stats", { p_endpoint_id: endpoint.id }), "not_found", 404);
    },
  },

  "replay_events of public.create_bulk_operation()": {
    "replays what the filter finds, in order, once each, and no replays of before": async (db) => {
      await db.sql`delete from public.bulk_operations`;
      const { tenant, flow, endpoint } = await tenantWithEndpoint(db);
      const client = engineOf(db);
      await db.sql`update public.flows set is_active = false where id = ${flow}`;
      const held: string[] = [];
      for (let n = 0; n < 3; n++) {
        held.push((await client.ingestWebhook(delivery(endpoint, { eventKey: `h${n}` }))).event_id);
      }
      await db.sql`update public.flows set is_active = true where id = ${flow}`;
      await client.ingestWebhook(delivery(endpoint, { eventKey: "accepted" }));
      const ask = (filter: { [key: string]: string | string[] | boolean }, dryRun = false) =>
        rpc<{ id: string; total: number; status: string }>(db, tenant.user, "create_bulk_operation", {
          p_organization_id: tenant.organizationId,
          p_action: "replay_events",
          p_filter: filter,
          p_dry_run: dryRun,
        });
      assertEquals((await ask({ endpoint_id: endpoint.id }, true)).total, 4);
      assertEquals((await ask({ event_ids: [held[1]!, unusedId()] }, true)).total, 1);
      assertEquals((await ask({ endpoint_id: endpoint.id, run_status: ["queued"] }, true)).total, 1);
      for (const filter of [{}, { flow_id: flow }, { status: "held" }, { test: "yes" }, { endpoint_id: "x" }]) {
        await assertFails(ask(filter), "invalid_request", 400);
      }
      const operation = await ask({ endpoint_id: endpoint.id, status: ["held"] });
      assertEquals(operation.total, 3);
      for (let n = 0; n < 3; n++) await db.sql`select private.work_bulk_operations(2)`;
      const [done] = await db.sql`select status, done, failed from public.bulk_operations where id = ${operation.id}`;
      assertEquals({ ...done }, { status: "completed", done: 3, failed: 0 });
      const replays = await db.sql`
        select e.replay_of, r.id is not null as runs from public.webhook_events e
        left join public.runs r on r.id = e.run_id
        where e.endpoint_id = ${endpoint.id} and e.replay_of is not null order by e.id`;
      assertEquals(replays.map(({ replay_of, runs }) => [replay_of, runs]), held.map((id) => [id, true]));
      assertEquals((await ask({ endpoint_id: endpoint.id }, true)).total, 4, "replays are not meant");
    },
    "tells which events refused, and needs webhooks:write": async (db) => {
      await db.sql`delete from public.bulk_operations`;
      const { tenant, flow, endpoint } = await tenantWithEndpoint(db);
      const { event_id } = await engineOf(db).ingestWebhook(delivery(endpoint));
      await db.sql`update public.flows set is_active = false where id = ${flow}`;
      const { id } = await rpc<{ id: string }>(db, tenant.user, "create_bulk_operation", {
        p_organization_id: tenant.organizationId,
        p_action: "replay_events",
        p_filter: { endpoint_id: endpoint.id },
      });
      await db.sql`select private.work_bulk_operations(10)`;
      const [row] = await db.sql`select status, failed, errors from public.bulk_operations where id = ${id}`;
      assertEquals([row?.status, row?.failed, row?.errors[0].event_id, row?.errors[0].code], [
        "completed",
        1,
        event_id,
        "flow_inactive",
      ]);
    },
  },
});

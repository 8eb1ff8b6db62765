import type { AheadRun, WebhookDelivery } from "../../shared/engine/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { engineOf } from "./_engine.ts";
import { interleave } from "./_interleave.ts";
import { scenarios } from "./_scenarios.ts";
import { counts, delivery, encode, type Endpoint, tenantWithEndpoint } from "./_webhooks.ts";
import { failureOf, rpc } from "./_world.ts";

type Ahead = WebhookDelivery & { ahead: AheadRun };

/** An endpoint, and deliveries to it whose flow has been run. */
async function world(db: TestDatabase) {
  const made = await tenantWithEndpoint(db);
  const [row] = await db.sql`select current_version_id as id from public.flows where id = ${made.flow}`;
  const of = (endpoint: Endpoint, eventKey: string | null, fields: Partial<WebhookDelivery> = {}): Ahead => ({
    ...delivery(endpoint, {
      eventKey,
      ...fields,
      input: { type: null, headers: {}, query: {}, method: "POST", body: 1 },
    }),
    ahead: {
      version_id: row?.id,
      trigger_node: null,
      received_at: "2026-01-01T00:00:00.5+00:00",
      timeout_seconds: 60,
      event_id: crypto.randomUUID(),
      run_id: crypto.randomUUID(),
      output: { n: 1 },
      steps: [{ node: "a", status: "completed", attempt: 1, leaf: true, output: { n: 1 } }],
    },
  });
  const ahead = (eventKey: string | null, fields?: Partial<WebhookDelivery>) => of(made.endpoint, eventKey, fields);
  return { ...made, ahead, of };
}

const idsOf = (deliveries: Ahead[]) => new Set(deliveries.map((one) => one.ahead.event_id));

scenarios("webhook deliveries together", {
  "engine.ingest_webhooks()": {
    "keeps each as an event with its run and its steps": async (db) => {
      const { tenant, endpoint, flow, ahead } = await world(db);
      const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
      const given = [ahead("k1", { traceparent, rawBody: encode("1") }), ahead(null, { unsigned: true }), ahead("k2")];
      assertEquals(await engineOf(db).ingestWebhooks(endpoint.id, given), idsOf(given));
      assertEquals(await counts(db, endpoint.id), { events: 3, deliveries: 3, runs: 3 });
      const [event] = await db.sql`
        select e.event_key, e.status, e.method, e.unsigned, convert_from(e.raw_body, 'UTF8') as body, r.status as run, r.output, r.flow_id,
          r.organization_id, r.traceparent, r.input ->> 'event_id' = e.id::text as knows_event, s.node_id, s.output as given
        from public.webhook_events e join public.runs r on r.id = e.run_id join public.run_steps s on s.run_id = r.id
        where e.id = ${given[0]!.ahead.event_id} and r.webhook_event_id = e.id`;
      assertEquals({ ...event }, {
        event_key: "k1",
        status: "accepted",
        method: "POST",
        unsigned: false,
        body: "1",
        run: "completed",
        output: { n: 1 },
        flow_id: flow,
        organization_id: tenant.organizationId,
        traceparent,
        knows_event: true,
        node_id: "a",
        given: { n: 1 },
      });
    },
    "leaves repetitions out, of what was kept and of each other, and nothing of them behind": async (db) => {
      const { endpoint, ahead } = await world(db);
      const engine = engineOf(db);
      const first = await engine.ingestWebhook(delivery(endpoint, { eventKey: "old" }));
      const [old, one, again, body, sameBody] = [
        ahead("old"),
        ahead("new"),
        ahead("new"),
        ahead("b1", { rawBody: encode("same"), dedupeBody: true }),
        ahead("b2", { rawBody: encode("same"), dedupeBody: true }),
      ] as const;
      const kept = await engine.ingestWebhooks(endpoint.id, [old, one, again, body, sameBody]);
      assertEquals(kept.size, 2);
      assert(!kept.has(old.ahead.event_id));
      assertEquals(await counts(db, endpoint.id), { events: 3, deliveries: 3, runs: 3 });
      const [orphans] = await db.sql`
        select count(*)::int as count from public.run_steps s
        where s.run_id in (${old.ahead.run_id}, ${again.ahead.run_id}) and not exists (
          select 1 from public.webhook_events e where e.run_id = s.run_id)`;
      assertEquals(orphans?.count, 0);
      // What is left out takes the usual way, which knows it.
      const repeated = await engine.ingestWebhook({ ...old });
      assertEquals([repeated.duplicate, repeated.run_id], [true, first.run_id]);
    },
    "keeps nothing of another version, trigger node or a flow that is off": async (db) => {
      const { tenant, endpoint, flow, ahead } = await world(db);
      const ingest = async (change: Partial<AheadRun>) => {
        const made = ahead("k");
        return (await engineOf(db).ingestWebhooks(endpoint.id, [{ ...made, ahead: { ...made.ahead, ...change } }]))
          .size;
      };
      assertEquals(await ingest({ version_id: crypto.randomUUID() }), 0);
      assertEquals(await ingest({ trigger_node: "other" }), 0);
      await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_is_active: false });
      assertEquals(await ingest({}), 0);
      assertEquals((await counts(db, endpoint.id)).events, 0);
      await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_is_active: true });
      assertEquals(await ingest({}), 1);
    },
    "keeps nothing when one of them is refused": async (db) => {
      const { endpoint, ahead } = await world(db);
      const wrong = ahead("wrong");
      const steps = [{ node: "a", status: "no such status", attempt: 1 }];
      const call = engineOf(db).ingestWebhooks(endpoint.id, [
        ahead("good"),
        { ...wrong, ahead: { ...wrong.ahead, steps } },
      ]);
      assertEquals((await failureOf(call)).code, "23514");
      assertEquals((await counts(db, endpoint.id)).events, 0);
    },
    "two calls with the same events in another order wait for each other in one direction only": (db) =>
      interleave(db, async (stage) => {
        const { endpoint, ahead } = await world(db);
        const [first, second] = [await stage.session("first"), await stage.session("second")];
        const [one, two] = [[ahead("a"), ahead("b")], [ahead("b"), ahead("a"), ahead("c")]];
        assertEquals((await first.engine.ingestWebhooks(endpoint.id, one)).size, 2);
        const waiting = await stage.untilBlocked(second, () => second.engine.ingestWebhooks(endpoint.id, two));
        await first.commit();
        assertEquals(await waiting.result, new Set([two[2]!.ahead.event_id]));
        await second.commit();
        assertEquals(await counts(db, endpoint.id), { events: 3, deliveries: 3, runs: 3 });
      }),
  },
});

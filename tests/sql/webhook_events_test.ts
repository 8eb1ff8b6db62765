import type { IngestReply } from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { engineOf, newWorker, result, runState, step } from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { counts, delivery, encode, tenantWithEndpoint } from "./_webhooks.ts";
import { addMember, assertFails, failureOf, parallel, rpc, unusedId } from "./_world.ts";

scenarios("webhook events", {
  "engine.ingest_webhook()": {
    "keeps the event and starts its run in one go": async (db) => {
      const { tenant, flow, endpoint } = await tenantWithEndpoint(db, { p_trigger_node: "start" });
      const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
      const reply = await engineOf(db).ingestWebhook(delivery(endpoint, { eventKey: "evt_1", traceparent }));
      assertEquals([reply.duplicate, reply.status, reply.held_because, reply.jobs], [false, "accepted", null, []]);
      const [event] = await db.sql`
        select type, method, headers, query, convert_from(raw_body, 'UTF8') as body, run_id, deliveries, event_key, status
        from public.webhook_events where id = ${reply.event_id}`;
      assertEquals({ ...event }, {
        type: "order.paid",
        method: "POST",
        headers: { "content-type": "application/json" },
        query: { shop: "1" },
        body: '{"amount": 100}',
        run_id: reply.run_id,
        deliveries: 1,
        event_key: "evt_1",
        status: "accepted",
      });
      const [run] = await db.sql`select * from public.runs where id = ${reply.run_id}`;
      const { input, trigger, trigger_node, flow_id, organization_id, webhook_event_id, created_by } = run!;
      assertEquals([trigger, trigger_node, flow_id, organization_id, webhook_event_id, created_by, run!.traceparent], [
        "webhook",
        "start",
        flow,
        tenant.organizationId,
        reply.event_id,
        null,
        traceparent,
      ]);
      const { received_at, ...given } = input;
      assert(!Number.isNaN(Date.parse(received_at)));
      assertEquals(given, { type: "order.paid", body: { amount: 100 }, event_id: reply.event_id });
    },
    "hands the first token to the receiver that wants to run it": async (db) => {
      const { endpoint } = await tenantWithEndpoint(db);
      const engine = engineOf(db);
      const worker = newWorker();
      const { run_id, jobs: [job] } = await engine.ingestWebhook(delivery(endpoint), worker);
      assertEquals([job?.run_id, job?.epoch, job?.attempt, job?.trigger], [run_id, 1, 1, "webhook"]);
      assertEquals((job?.input as { body: Json }).body, { amount: 100 });
      assertEquals((await runState(db, run_id!)).status, "running");
      assertEquals(await engine.claimJobs(newWorker(), 10, "worker", run_id!), []);
      const { settled } = await engine.settleJobs(worker, [result(job!, { steps: [step("a")] })]);
      assertEquals([settled.length, (await runState(db, run_id!)).status], [1, "completed"]);
      const [row] = await db.sql`select kind from private.workers where id = ${worker}`;
      assertEquals(row?.kind, "inline");
    },
    "the same event four times at once is one event and one run": async (db) => {
      const { endpoint } = await tenantWithEndpoint(db);
      for (let round = 0; round < 5; round++) {
        const before = await counts(db, endpoint.id);
        const same = delivery(endpoint);
        const workers = [null, newWorker(), null, newWorker()];
        const replies = await parallel(4, (index) => engineOf(db).ingestWebhook(same, workers[index] ?? undefined));
        assertEquals(replies.filter((reply) => !reply.duplicate).length, 1);
        assertEquals(new Set(replies.map((reply) => `${reply.event_id} ${reply.run_id} ${reply.status}`)).size, 1);
        const after = await counts(db, endpoint.id);
        assertEquals([after.events, after.deliveries, after.runs], [
          before.events + 1,
          before.deliveries + 4,
          before.runs + 1,
        ]);
      }
    },
    "the same body is the same event where the sender signs no time": async (db) => {
      const { endpoint } = await tenantWithEndpoint(db);
      const send = (eventKey: string | null, body: string, dedupeBody = true) =>
        engineOf(db).ingestWebhook(delivery(endpoint, { eventKey, rawBody: encode(body), dedupeBody }));
      const first = await send("k1", "one");
      const replies: IngestReply[] = [await send("k2", "one"), await send(null, "one"), await send("k1", "other")];
      for (const reply of replies) assertEquals([reply.duplicate, reply.event_id], [true, first.event_id]);
      assertEquals((await send("k3", "two")).duplicate, false);
      assertEquals((await send("k4", "one", false)).duplicate, false, "only where it is asked for");
      const atOnce = await parallel(4, (index) => send(`p${index}`, "at once"));
      assertEquals(atOnce.filter((reply) => !reply.duplicate).length, 1);
    },
    "events without key or body key are each an event": async (db) => {
      const { endpoint } = await tenantWithEndpoint(db);
      await parallel(3, () => engineOf(db).ingestWebhook(delivery(endpoint, { eventKey: null })));
      assertEquals(await counts(db, endpoint.id), { events: 3, deliveries: 3, runs: 3 });
    },
    "the same key at another endpoint is another event": async (db) => {
      const [one, two] = [await tenantWithEndpoint(db), await tenantWithEndpoint(db)];
      for (const { endpoint } of [one, two]) {
        const reply = await engineOf(db).ingestWebhook(delivery(endpoint, { eventKey: "evt", dedupeBody: true }));
        assertEquals(reply.duplicate, false);
      }
    },
    "holds what comes while the flow is off or deleted, and stays with that": async (db) => {
      const { tenant, flow, endpoint } = await tenantWithEndpoint(db);
      await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_is_active: false });
      const worker = newWorker();
      const held = await engineOf(db).ingestWebhook(delivery(endpoint, { eventKey: "evt" }), worker);
      assertEquals([held.status, held.held_because, held.run_id, held.jobs], ["held", "flow_inactive", null, []]);
      await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_is_active: true });
      const again = await engineOf(db).ingestWebhook(delivery(endpoint, { eventKey: "evt" }));
      assertEquals([again.duplicate, again.status, again.run_id], [true, "held", null]);
      await rpc(db, tenant.user, "delete_flow", { p_flow_id: flow });
      const late = await engineOf(db).ingestWebhook(delivery(endpoint));
      assertEquals([late.status, late.held_because], ["held", "flow_deleted"]);
      assertEquals((await counts(db, endpoint.id)).runs, 0);
    },
    "tests are each an event with a run, and none stands in the way of the real one": async (db) => {
      const { tenant, flow, endpoint } = await tenantWithEndpoint(db);
      const send = (test: boolean) =>
        engineOf(db).ingestWebhook(delivery(endpoint, { eventKey: "evt", dedupeBody: true, test }));
      const tests = await parallel(3, () => send(true));
      const live = await parallel(3, () => send(false));
      const late = await send(true);
      assertEquals(
        [...tests, late].map(({ duplicate, status }) => [duplicate, status]),
        Array(4).fill([false, "accepted"]),
      );
      assertEquals(live.filter((reply) => !reply.duplicate).length, 1);
      assertEquals(new Set(live.map(({ event_id }) => event_id)).size, 1);
      assertEquals(await counts(db, endpoint.id), { events: 5, deliveries: 7, runs: 5 });
      const marks = await db.sql`
        select e.is_test, r.input -> 'test' as marked, e.deliveries, r.trigger
        from public.webhook_events e join public.runs r on r.id = e.run_id where e.endpoint_id = ${endpoint.id}
        order by e.is_test, e.id`;
      assertEquals(marks.map((row) => [row.is_test, row.marked, row.deliveries, row.trigger]), [
        [false, null, 3, "webhook"],
        ...Array(4).fill([true, true, 1, "webhook"]),
      ]);
      await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_is_active: false });
      const worker = newWorker();
      const off = await engineOf(db).ingestWebhook(delivery(endpoint, { test: true }), worker);
      assertEquals([off.status, off.held_because, off.jobs.length], ["accepted", null, 1]);
      await rpc(db, tenant.user, "replay_webhook_event", { p_event_id: off.event_id });
      const [copy] = await db.sql`
        select e.is_test, r.input -> 'test' as marked from public.webhook_events e join public.runs r on r.id = e.run_id
        where e.replay_of = ${off.event_id}`;
      assertEquals([copy?.is_test, copy?.marked], [true, true], "the replay of a test is a test");
      await rpc(db, tenant.user, "delete_flow", { p_flow_id: flow });
      assertEquals((await send(true)).held_because, "flow_deleted");
    },
    "keeps bytes as they came": async (db) => {
      const { endpoint } = await tenantWithEndpoint(db);
      const rawBody = Uint8Array.from({ length: 256 }, (_, index) => index);
      const { event_id } = await engineOf(db).ingestWebhook(delivery(endpoint, { rawBody }));
      const [row] = await db.sql`select raw_body from public.webhook_events where id = ${event_id}`;
      assertEquals(Uint8Array.from(row?.raw_body), rawBody);
    },
    "refuses an endpoint that is not there": async (db) => {
      const call = engineOf(db).ingestWebhook(delivery({ id: unusedId() }));
      assertEquals(await failureOf(call), { code: "not_found", message: "No such webhook endpoint", status: 404 });
    },
  },
  "public.replay_webhook_event()": {
    "sends a kept event through its flow again, as a new event with a new run": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      const first = await engineOf(db).ingestWebhook(delivery(endpoint, { eventKey: "evt" }));
      type Replay = { event_id: string; run_id: string };
      const replay = (id: string) => rpc<Replay>(db, tenant.user, "replay_webhook_event", { p_event_id: id });
      const second = await replay(first.event_id);
      const third = await replay(second.event_id);
      const rows = await db.sql`
        select e.id, e.replay_of, e.event_key, r.input -> 'body' as body, r.input ->> 'event_id' as event_id, r.status
        from public.webhook_events e join public.runs r on r.id = e.run_id
        where e.endpoint_id = ${endpoint.id} order by e.id`;
      assertEquals(rows.map((row) => [row.id, row.replay_of, row.event_key, row.body, row.event_id, row.status]), [
        [first.event_id, null, "evt", { amount: 100 }, first.event_id, "queued"],
        [second.event_id, first.event_id, "evt", { amount: 100 }, second.event_id, "queued"],
        [third.event_id, first.event_id, "evt", { amount: 100 }, third.event_id, "queued"],
      ]);
      const again = await engineOf(db).ingestWebhook(delivery(endpoint, { eventKey: "evt" }));
      assertEquals(
        [again.duplicate, again.event_id],
        [true, first.event_id],
        "the sender's repetition is of the first",
      );
    },
    "starts an event that was held": async (db) => {
      const { tenant, flow, endpoint } = await tenantWithEndpoint(db);
      await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_is_active: false });
      const bodies: [Uint8Array, Json][] = [
        [encode('{"n": 1}'), { n: 1 }],
        [encode("plain tëxt"), "plain tëxt"],
        [encode(""), ""],
      ];
      for (const [rawBody, body] of bodies) {
        await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_is_active: false });
        const { event_id } = await engineOf(db).ingestWebhook(delivery(endpoint, { rawBody }));
        const call = () => rpc<{ run_id: string }>(db, tenant.user, "replay_webhook_event", { p_event_id: event_id });
        await assertFails(call(), "flow_inactive", 409);
        await rpc(db, tenant.user, "save_flow", { p_flow_id: flow, p_is_active: true });
        const { run_id } = await call();
        const [row] = await db.sql`select input -> 'body' as body from public.runs where id = ${run_id}`;
        assertEquals(row?.body, body);
      }
    },
    "does not fail on bytes that are no text": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      for (const bytes of [[0xff, 0xfe, 0x00], [0x00], [0x22, 0x5c, 0x75, 0x30, 0x30, 0x30, 0x30, 0x22]]) {
        const { event_id } = await engineOf(db).ingestWebhook(
          delivery(endpoint, { rawBody: Uint8Array.from(bytes), input: {} }),
        );
        await rpc(db, tenant.user, "replay_webhook_event", { p_event_id: event_id });
      }
    },
    "refuses an event whose flow is gone, and one that is not there": async (db) => {
      const { tenant, flow, endpoint } = await tenantWithEndpoint(db);
      const { event_id } = await engineOf(db).ingestWebhook(delivery(endpoint));
      await rpc(db, tenant.user, "delete_flow", { p_flow_id: flow });
      for (const [id, message] of [[event_id, "No such flow"], [unusedId(), "No such webhook event"]]) {
        const call = rpc(db, tenant.user, "replay_webhook_event", { p_event_id: id });
        assertEquals(await failureOf(call), { code: "not_found", message: message!, status: 404 });
      }
    },
    "needs webhooks:write": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      const { event_id } = await engineOf(db).ingestWebhook(delivery(endpoint));
      const member = await addMember(db, tenant.organizationId, "member");
      await assertFails(rpc(db, member, "replay_webhook_event", { p_event_id: event_id }), "forbidden", 403);
    },
  },
}, { connections: 10 });

/**
 * What is sent, in which order and how fast, against real local servers, on a clock of the test's own.
 *
 * @module
 */
import { sendAll } from "../helpers/raw_server.ts";
import { Keyring, rewrapSecrets, type RewrapStore } from "../../shared/secrets/mod.ts";
import { signMessage } from "../../shared/webhooks_out/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { scenarios } from "./_scenarios.ts";
import { at, deliverAll, deliveriesOf, OK, publish, sealed, status, subscribe, withServer } from "./_webhooks_out.ts";
import { assertFails, createTenant, rpc, service } from "./_world.ts";

scenarios("webhooks out", {
  "what is sent": {
    "is signed so that a receiver of Standard Webhooks takes it, with one id for all attempts": async (db) => {
      let answers = 0;
      const answer = async (connection: Deno.TcpConn) => await sendAll(connection, answers++ === 0 ? status(500) : OK);
      await withServer(db, answer, async ({ tenant, server, url, http }) => {
        const { id, secret } = await subscribe(db, tenant, { url });
        await publish(db, tenant, ["in_1"]);
        await deliverAll(db, { http, now: at(0) });
        await deliverAll(db, { http, now: at(10) });
        assertEquals(server.received.length, 2);
        const seen = server.received.map((request) => {
          const [head = "", body = ""] = request.split("\r\n\r\n");
          const headers = Object.fromEntries(
            head.split("\r\n").slice(1).map((line) => line.split(/: (.*)/).slice(0, 2)),
          );
          return { body, headers };
        });
        assertEquals(seen[0]?.body, seen[1]?.body);
        assertEquals(JSON.parse(seen[0]?.body ?? "").data, { id: "in_1" });
        assertEquals(seen[0]?.headers["webhook-id"], seen[1]?.headers["webhook-id"]);
        assertEquals(
          Number(seen[1]?.headers["webhook-timestamp"]) - Number(seen[0]?.headers["webhook-timestamp"]),
          10,
        );
        for (const [index, { body, headers }] of seen.entries()) {
          const signed = await signMessage(
            [secret],
            { id: headers["webhook-id"], body: new TextEncoder().encode(body) },
            new Date(at(index * 10)),
          );
          assertEquals(headers["webhook-signature"], signed["webhook-signature"]);
        }
        const attempts = await db.sql`
          select a.number, a.response_status, a.request_headers ->> 'webhook-signature' as shown
          from public.webhook_attempts a join public.webhook_deliveries d on d.id = a.delivery_id
          where d.subscription_id = ${id} order by a.number`;
        assertEquals(attempts.map((row) => [row.number, row.response_status, row.shown]), [
          [1, 500, "v1,…"],
          [2, 200, "v1,…"],
        ]);
      });
    },
    "has two signatures while a rotation overlaps, and one afterwards": async (db) => {
      await withServer(db, OK, async ({ tenant, server, url, http }) => {
        const subscription = await subscribe(db, tenant, { url });
        await rpc(db, tenant.user, "rotate_webhook_subscription_secret", {
          p_subscription_id: subscription.id,
          p_signing: await sealed(tenant, subscription.id, "signing", "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0", 2),
          p_overlap_seconds: 604_800,
        });
        await publish(db, tenant, ["in_1"]);
        await deliverAll(db, { http, now: at(0) });
        await publish(db, tenant, ["in_2"], { now: at(700_000) });
        await deliverAll(db, { http, now: at(700_001) });
        const counts = server.received.map((request) => request.match(/v1,/g)?.length);
        assertEquals(counts, [2, 1]);
      });
    },
    "is signed all the same after the master keys have changed": async (db) => {
      await withServer(db, OK, async ({ tenant, server, url, http }) => {
        const { id } = await subscribe(db, tenant, { url });
        const keys = { k1: new Uint8Array(32).fill(7), k2: new Uint8Array(32).fill(8) };
        const store: RewrapStore = {
          next: (p_key_id, p_limit, skip) =>
            service(db, "secrets_to_rewrap", { p_key_id, p_limit, p_skip: skip as never }) as never,
          write: (rows) => service<number>(db, "rewrap_secrets", { p_rows: rows as never }),
          count: () => service<Record<string, number>>(db, "count_secrets_by_key"),
          nextPlain: () => Promise.resolve({ rows: [], left: 0 }),
          writeSealed: () => Promise.resolve(0),
        };
        const progress = await rewrapSecrets(new Keyring({ current: "k2", keys }), store);
        assert(progress.done && progress.removable.includes("k1"), JSON.stringify(progress));
        const [row] = await db
          .sql`select key_id from private.webhook_subscription_secrets where subscription_id = ${id}`;
        assertEquals(row?.["key_id"], "k2");
        await publish(db, tenant, ["in_1"]);
        await deliverAll(db, { http, keyring: new Keyring({ current: "k2", keys: { k2: keys.k2 } }) });
        assertEquals(server.received.length, 1);
        // Back, for whoever uses the database next.
        await rewrapSecrets(new Keyring({ current: "k1", keys }), store);
      });
    },
    "is what the transformation makes, with the tenant's own headers": async (db) => {
      await withServer(db, OK, async ({ tenant, server, url, http }) => {
        const { id } = await subscribe(db, tenant, {
          url,
          transformation: { text: "Paid: {{ trigger.data.id }}" },
        });
        await rpc(db, tenant.user, "update_webhook_subscription", {
          p_subscription_id: id,
          p_changes: { header_names: ["x-token"] },
          p_headers: await sealed(tenant, id, "headers", JSON.stringify({ "x-token": "abc" })),
        });
        await publish(db, tenant, ["in_1"]);
        await deliverAll(db, { http });
        assert(server.received[0]?.endsWith('{"text":"Paid: in_1"}'), server.received[0]);
        assert(server.received[0]?.includes("x-token: abc\r\n"));
        const [kept] = await db.sql`select request_headers ->> 'x-token' as shown from public.webhook_attempts a
          join public.webhook_deliveries d on d.id = a.delivery_id where d.subscription_id = ${id}`;
        assertEquals(kept?.["shown"], "…");
      });
    },
    "is only what filters let through": async (db) => {
      const tenant = await createTenant(db);
      const ids = await Promise.all([
        { event_types: ["invoice.paid"] },
        { event_types: ["run.failed"] },
        { resource_ids: ["in_2"] },
        { flow_ids: [crypto.randomUUID()] },
        { status: "paused" },
      ].map(async (settings) => (await subscribe(db, tenant, settings)).id));
      await publish(db, tenant, ["in_1", "in_2"]);
      const events = await Promise.all(ids.map(async (id) => (await deliveriesOf(db, id)).map(({ event }) => event)));
      assertEquals(events, [["in_1", "in_2"], [], ["in_2"], ["in_1", "in_2"], ["in_1", "in_2"]]);
    },
  },
  "an ordered subscription": {
    "sends of a key one after the other, and lets other keys pass": async (db) => {
      const order: string[] = [];
      let failing = true;
      const answer = async (connection: Deno.TcpConn, request: string) => {
        const event = JSON.parse(request.split("\r\n\r\n")[1] ?? "").data.id;
        order.push(event);
        await sendAll(connection, failing && event === "a1" ? status(500) : OK);
      };
      await withServer(db, answer, async ({ tenant, url, http }) => {
        const { id } = await subscribe(db, tenant, { url, ordered: true });
        await publish(db, tenant, ["a1", "a2", "a3"], { key: "a" });
        await publish(db, tenant, ["b1", "b2"], { key: "b" });
        await deliverAll(db, { http, now: at(0) });
        assertEquals(order.filter((event) => event.startsWith("a")), ["a1"]);
        assertEquals(order.filter((event) => event.startsWith("b")), ["b1", "b2"]);
        failing = false;
        await deliverAll(db, { http, now: at(20) });
        assertEquals(order.filter((event) => event.startsWith("a")), ["a1", "a1", "a2", "a3"]);
        assert((await deliveriesOf(db, id)).every((delivery) => delivery.status === "delivered"));
      });
    },
    "goes on after one that is cancelled": async (db) => {
      await withServer(db, status(500), async ({ tenant, server, url, http }) => {
        const { id } = await subscribe(db, tenant, { url, ordered: true });
        await publish(db, tenant, ["a1", "a2"], { key: "a" });
        await deliverAll(db, { http });
        const [first, second] = await deliveriesOf(db, id);
        assertEquals(second?.next_attempt_at, "infinity");
        await rpc(db, tenant.user, "cancel_webhook_delivery", { p_delivery_id: first?.id ?? "" });
        await deliverAll(db, { http });
        assertEquals(server.received.length, 2);
      });
    },
  },
  "a rate": {
    "holds: as many requests a minute as it says": async (db) => {
      await withServer(db, OK, async ({ tenant, server, url, http }) => {
        await subscribe(db, tenant, { url, rate_per_minute: 6 });
        await publish(db, tenant, Array.from({ length: 20 }, (_, n) => `in_${n}`), { now: at(0) });
        for (let second = 0; second <= 60; second += 5) await deliverAll(db, { http, now: at(second) });
        assert(server.received.length >= 6 && server.received.length <= 7, String(server.received.length));
      });
    },
  },
  "people": {
    "send one again, cancel one, pause and go on, try one": async (db) => {
      await withServer(db, OK, async ({ tenant, server, url, http }) => {
        const { id } = await subscribe(db, tenant, { url });
        const change = (changes: { [setting: string]: string }) =>
          rpc(db, tenant.user, "update_webhook_subscription", { p_subscription_id: id, p_changes: changes });
        await publish(db, tenant, ["in_1"]);
        await deliverAll(db, { http });
        const [first] = await deliveriesOf(db, id);
        await rpc(db, tenant.user, "retry_webhook_delivery", { p_delivery_id: first?.id ?? "" });
        await deliverAll(db, { http });
        assertEquals(server.received.length, 2);
        assertEquals(
          server.received[0]?.match(/webhook-id: (.*)/)?.[1],
          server.received[1]?.match(/webhook-id: (.*)/)?.[1],
        );
        await change({ status: "paused" });
        await publish(db, tenant, ["in_2", "in_3"]);
        await deliverAll(db, { http });
        assertEquals(server.received.length, 2);
        const [, second] = await deliveriesOf(db, id);
        const cancelled = await rpc<{ status: string }>(db, tenant.user, "cancel_webhook_delivery", {
          p_delivery_id: second?.id ?? "",
        });
        assertEquals(cancelled.status, "cancelled");
        await change({ status: "active" });
        await deliverAll(db, { http });
        assertEquals((await deliveriesOf(db, id)).map(({ status }) => status), ["delivered", "cancelled", "delivered"]);
        await rpc(db, tenant.user, "test_webhook_subscription", {
          p_subscription_id: id,
          p_type: "run.completed",
          p_data: { id: "sample" },
        });
        await deliverAll(db, { http });
        assert(server.received[3]?.endsWith('"data":{"id":"sample"}}'), server.received[3]);
        const stats = await rpc<Record<string, unknown>>(db, tenant.user, "get_webhook_subscription_stats", {
          p_subscription_id: id,
        });
        assertEquals([stats["attempts"], stats["success_rate"], stats["breaker"], stats["pending"]], [
          4,
          1,
          "closed",
          0,
        ]);
        assert(Number(stats["p95_ms"]) >= 1);
      });
    },
    "cannot send again what a disabled subscription gave up": async (db) => {
      await withServer(db, status(410), async ({ tenant, url, http }) => {
        const { id } = await subscribe(db, tenant, { url });
        await publish(db, tenant, ["in_1"]);
        await deliverAll(db, { http });
        const [first] = await deliveriesOf(db, id);
        const call = rpc(db, tenant.user, "retry_webhook_delivery", { p_delivery_id: first?.id ?? "" });
        await assertFails(call, "conflict", 409);
      });
    },
  },
  "a worker that is lost": {
    "leaves its deliveries to the next after a minute, and says nothing of them any more": async (db) => {
      await withServer(db, OK, async ({ tenant, server, url, http }) => {
        const { id } = await subscribe(db, tenant, { url });
        await publish(db, tenant, ["in_1"]);
        const lost = crypto.randomUUID();
        const batch = await service<{ deliveries: { id: string }[] }>(db, "begin_webhook_batch", {
          p_subscription_id: id,
          p_lease: lost,
        }, { now: at(0) });
        await deliverAll(db, { http, now: at(1) });
        assertEquals(server.received.length, 0);
        await deliverAll(db, { http, now: at(61) });
        assertEquals(server.received.length, 1);
        const results = batch.deliveries.map(({ id }) => ({
          id,
          status: 500,
          code: "http_status",
          duration_ms: 1,
          url,
          request_headers: {},
        }));
        const end = await service(db, "end_webhook_batch", {
          p_subscription_id: id,
          p_lease: lost,
          p_results: results,
        });
        assertEquals(end, { recorded: 0 });
        assertEquals((await deliveriesOf(db, id)).map(({ status }) => status), ["delivered"]);
      });
    },
  },
});

Deno.test("signMessage() makes the signature that Standard Webhooks publishes", async () => {
  const signed = await signMessage(
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: new TextEncoder().encode('{"test": 2432232314}') },
    new Date(1_614_265_330_000),
  );
  assertEquals(signed["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

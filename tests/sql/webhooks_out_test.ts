/**
 * Deliveries against real local servers that behave badly, on a clock of the test's own.
 *
 * @module
 */
import { sendAll, startTestServer, type TestServer } from "../helpers/raw_server.ts";
import { findMailTemplate } from "../../shared/mail/mod.ts";
import { Keyring, rewrapSecrets, type RewrapStore } from "../../shared/secrets/mod.ts";
import { signMessage } from "../../shared/webhooks_out/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { deliverAll, deliveriesOf, publish, sealed, subscribe } from "./_webhooks_out.ts";
import { type Arguments, assertFails, createTenant, rpc, service, type Tenant } from "./_world.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const status = (code: number, fields = "") => `HTTP/1.1 ${code} X\r\n${fields}Content-Length: 0\r\n\r\n`;

/** A day in the future, so that shifted times never lie before what the database made by its own clock. */
const START = Date.now() + 86_400_000;
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();

interface Place {
  tenant: Tenant;
  server: TestServer;
  url: string;
  http: { egressAllow: string[] };
}

/** A tenant and a server that answers so. */
async function withServer(
  db: TestDatabase,
  answer: Parameters<typeof startTestServer>[0],
  work: (place: Place) => Promise<void>,
): Promise<void> {
  const server = startTestServer(answer);
  try {
    const host = `127.0.0.1:${server.port}`;
    await work({ tenant: await createTenant(db), server, url: `http://${host}/hooks`, http: { egressAllow: [host] } });
  } finally {
    await server.close();
  }
}

/** Sends one event to a server that answers so, and tells what came of it. */
async function once(db: TestDatabase, answer: Parameters<typeof startTestServer>[0], settings: Arguments = {}) {
  let found: Record<string, unknown> = {};
  await withServer(db, answer, async ({ tenant, url, http }) => {
    const { id } = await subscribe(db, tenant, { url, timeout_seconds: 1, ...settings });
    await publish(db, tenant, ["in_1"]);
    await deliverAll(db, { http });
    const [delivery] = await deliveriesOf(db, id);
    const [attempt] = await db.sql`select * from public.webhook_attempts where delivery_id = ${delivery?.id ?? null}`;
    const [state] = await db.sql`
      select s.status, e.* from private.webhook_endpoint_states e
      join public.webhook_subscriptions s on s.id = e.subscription_id where s.id = ${id}`;
    found = { delivery, attempt, state };
  });
  return found as {
    delivery: Awaited<ReturnType<typeof deliveriesOf>>[number];
    attempt: Record<string, unknown>;
    state: Record<string, unknown>;
  };
}

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
  "a receiver that": {
    "answers 2xx has it": async (db) => {
      const { delivery, attempt } = await once(db, OK);
      assertEquals([delivery.status, delivery.attempts, delivery.response_status], ["delivered", 1, 200]);
      assertEquals(new TextDecoder().decode(attempt["response_body"] as Uint8Array<ArrayBuffer>), "ok");
    },
    "hangs is left after its time": async (db) => {
      const { delivery } = await once(db, async (connection) => {
        await connection.read(new Uint8Array(1)).catch(() => null);
      });
      assertEquals([delivery.status, delivery.attempts, delivery.error_code], ["pending", 1, "timeout"]);
    },
    "drips a byte at a time is left after its time": async (db) => {
      const { delivery } = await once(db, async (connection) => {
        await sendAll(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        for (let n = 0; n < 100; n++) {
          await sendAll(connection, "x");
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      });
      assertEquals([delivery.status, delivery.error_code], ["pending", "timeout"]);
    },
    "answers 10 MB has it, and 64 KiB of that are read": async (db) => {
      let written = 0;
      const { delivery, attempt } = await once(db, async (connection) => {
        await sendAll(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n");
        const chunk = new Uint8Array(65_536).fill(120);
        for (; written < 10_485_760; written += chunk.length) await sendAll(connection, chunk);
      }, { timeout_seconds: 15 });
      assertEquals([delivery.status, attempt["is_cut"]], ["delivered", true]);
      assertEquals((attempt["response_body"] as Uint8Array).length, 65_536);
      assert(written < 10_485_760, "All of it was read");
    },
    "redirects to a private address has failed, and nothing is sent there": async (db) => {
      await withServer(db, OK, async (inside) => {
        const { delivery } = await once(db, status(302, `Location: ${inside.url}\r\n`));
        assertEquals([delivery.status, delivery.response_status, delivery.error_code], ["pending", 302, "redirect"]);
        assertEquals(inside.server.received.length, 0);
      });
    },
    "resolves first to a public and then to a private address gets nothing the second time": async (db) => {
      await withServer(db, status(500), async ({ tenant, server, http }) => {
        const { id } = await subscribe(db, tenant, { url: `http://rebind.example:${server.port}/` });
        let lookups = 0;
        const guarded = {
          ...http,
          resolve: () => Promise.resolve(lookups++ === 0 ? ["93.184.216.34"] : ["10.0.0.5"]),
          connect: ({ port }: { port: number }) => Deno.connect({ hostname: "127.0.0.1", port }),
        };
        await publish(db, tenant, ["in_1"]);
        await deliverAll(db, { http: guarded, now: at(0) });
        await deliverAll(db, { http: guarded, now: at(10) });
        assertEquals([lookups, server.received.length], [2, 1]);
        const [delivery] = await deliveriesOf(db, id);
        assertEquals([delivery?.status, delivery?.attempts, delivery?.error_code], ["pending", 2, "blocked_address"]);
      });
    },
    "closes in the middle of the body is tried again": async (db) => {
      const { delivery } = await once(db, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
      assertEquals([delivery.status, delivery.error_code], ["pending", "not_reached"]);
    },
    "answers 410 is told nothing more": async (db) => {
      const { delivery, state } = await once(db, status(410));
      assertEquals([delivery.status, delivery.error_code, state["status"]], ["failed", "gone", "disabled"]);
    },
    "answers 429 is left alone for as long as it says, for a day at most, all its deliveries with it": async (db) => {
      for (const [said, seconds] of [["7200", 7200], ["999999", 86_400]] as const) {
        await withServer(db, status(429, `Retry-After: ${said}\r\n`), async ({ tenant, server, url, http }) => {
          const { id } = await subscribe(db, tenant, { url });
          await publish(db, tenant, ["in_1"]);
          await deliverAll(db, { http, now: at(0) });
          await publish(db, tenant, ["in_2"], { now: at(1) });
          await deliverAll(db, { http, now: at(seconds - 1) });
          assertEquals(server.received.length, 1);
          await deliverAll(db, { http, now: at(seconds + 1), most: 2 });
          assert(server.received.length > 1);
          assertEquals((await deliveriesOf(db, id)).map((delivery) => delivery.status), ["pending", "pending"]);
        });
      }
    },
    "answers 500 for a day gets everything once it answers 200": async (db) => {
      let good = false;
      const answer = (connection: Deno.TcpConn) => sendAll(connection, good ? OK : status(500));
      await withServer(db, answer, async ({ tenant, server, url, http }) => {
        const { id } = await subscribe(db, tenant, { url });
        await publish(db, tenant, Array.from({ length: 20 }, (_, n) => `in_${n}`));
        for (let minute = 0; minute <= 24 * 60; minute += 20) await deliverAll(db, { http, now: at(minute * 60) });
        const waiting = await deliveriesOf(db, id);
        assert(waiting.every((delivery) => delivery.status === "pending"), JSON.stringify(waiting));
        // Far fewer than twenty deliveries would take by themselves: the breaker lets one through at a time.
        assert(server.received.length <= 5 + 24 * 4, String(server.received.length));
        const before = server.received.length;
        good = true;
        for (let hour = 25; hour <= 60; hour++) await deliverAll(db, { http, now: at(hour * 3600) });
        assertEquals((await deliveriesOf(db, id)).map(({ status }) => status), Array(20).fill("delivered"));
        assertEquals(server.received.length - before, 20);
      });
    },
    "never answers is given up after ten attempts over three days, and disabled after five": async (db) => {
      await withServer(db, status(500), async ({ tenant, server, url, http }) => {
        const { id } = await subscribe(db, tenant, { url });
        const other = await subscribe(db, tenant, { event_types: ["webhook.endpoint_disabled"], status: "paused" });
        await publish(db, tenant, ["in_1"]);
        for (let minute = 0; minute <= 80 * 60; minute += 5) await deliverAll(db, { http, now: at(minute * 60) });
        const [delivery] = await deliveriesOf(db, id);
        assertEquals([delivery?.status, delivery?.attempts, server.received.length], ["failed", 10, 10]);
        const [span] = await db.sql`
          select extract(epoch from max(finished_at) - min(finished_at))::float / 3600 as hours
          from public.webhook_attempts where delivery_id = ${delivery?.id ?? null}`;
        assert(span?.["hours"] > 66 && span?.["hours"] < 84, String(span?.["hours"]));
        await publish(db, tenant, ["in_2"], { now: at(5 * 86_400 + 60) });
        await deliverAll(db, { http, now: at(5 * 86_400 + 61) });
        const [row] = await db.sql`select status, disabled_reason from public.webhook_subscriptions where id = ${id}`;
        assertEquals({ ...row }, { status: "disabled", disabled_reason: "failing" });
        assertEquals((await deliveriesOf(db, id)).map(({ status }) => status), ["failed", "failed"]);
        const [mail] = await db.sql`
          select m.template, d.data from public.mails m join private.mail_data d on d.mail_id = m.id
          where m.organization_id = ${tenant.organizationId}`;
        assertEquals(mail?.["template"], "endpoint_disabled");
        (await findMailTemplate("endpoint_disabled"))?.schema.parse(mail?.["data"]);
        assertEquals([mail?.["data"].reason, mail?.["data"].failures], ["failing", 11]);
        const [told] = await db.sql`
          select data ->> 'id' as id, data ->> 'reason' as reason from public.webhook_messages
          where organization_id = ${tenant.organizationId} and type = 'webhook.endpoint_disabled'`;
        assertEquals({ ...told }, { id, reason: "failing" });
        assertEquals(other.status, "paused");
        // A person says that it works again, and has what was lost sent again.
        await rpc(db, tenant.user, "update_webhook_subscription", {
          p_subscription_id: id,
          p_changes: { status: "active" },
        });
        const again = await rpc(db, tenant.user, "retry_webhook_deliveries", {
          p_organization_id: tenant.organizationId,
          p_filter: { subscription_id: id },
        });
        assertEquals(again, { retried: 2, more: false });
      });
    },
  },
  "one dead endpoint": {
    "with thousands of deliveries has one job, and another's go on": async (db) => {
      await withServer(db, OK, async ({ tenant, server, url, http }) => {
        const refused = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const host = `127.0.0.1:${(refused.addr as Deno.NetAddr).port}`;
        refused.close();
        const dead = await subscribe(db, tenant, { url: `http://${host}/`, event_types: ["run.failed"] });
        const alive = await subscribe(db, tenant, { url });
        await db.sql`
          insert into public.webhook_messages (organization_id, type, data)
          select ${tenant.organizationId}, 'run.failed', '{}' from generate_series(1, 5000)`;
        await db.sql`
          update public.webhook_subscriptions set event_types = '{invoice.paid}' where id = ${alive.id}`;
        for (let n = 0; n < 10; n++) {
          await db.sql`select engine.send_webhooks_on(${tenant.organizationId})`;
        }
        const [jobs] = await db.sql`select count(*)::int as n from public.job_queue where type = 'webhook.deliver'`;
        assertEquals(jobs?.["n"], 1);
        await publish(db, tenant, ["in_1", "in_2"]);
        const ran = await deliverAll(db, { http: { egressAllow: [...http.egressAllow, host] } });
        assertEquals(server.received.length, 2);
        // Its breaker opened after the first batch: it took no more slots.
        assertEquals(ran.filter((id) => id === dead.id).length, 1);
        const [attempts] = await db.sql`
          select count(*)::int as n from public.webhook_attempts a
          join public.webhook_deliveries d on d.id = a.delivery_id where d.subscription_id = ${dead.id}`;
        assertEquals(attempts?.["n"], 8);
      });
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

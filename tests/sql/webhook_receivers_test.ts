/**
 * Deliveries to receivers that behave badly: real local servers, on a clock of the test's own.
 *
 * @module
 */
import { findMailTemplate } from "../../shared/mail/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { sendAll, type startTestServer } from "../helpers/raw_server.ts";
import { scenarios } from "./_scenarios.ts";
import { at, deliverAll, deliveriesOf, OK, publish, status, subscribe, withServer } from "./_webhooks_out.ts";
import { type Arguments, rpc } from "./_world.ts";

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

scenarios("webhook receivers", {
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
        // Waits of 75.6 h in all, a tenth more at most, and up to five minutes of this loop each.
        for (let minute = 0; minute <= 84 * 60; minute += 5) await deliverAll(db, { http, now: at(minute * 60) });
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
});

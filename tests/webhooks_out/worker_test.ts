import { assert, assertEquals } from "../helpers/assert.ts";
import { MISBEHAVIOURS } from "./_receivers.ts";
import { latencies, publish, until, withScene } from "./_scene.ts";

/** What a slow machine adds to the 15 s that an attempt may take, milliseconds. */
const MARGIN_MS = 3_000;
const EVENTS = 40;

Deno.test("a worker beside receivers that hang, drip, flood, redirect, close, fail: free within 15 s, and all others are served", () =>
  withScene(Object.keys(MISBEHAVIOURS), async (scene) => {
    const { api, good, bad } = scene;
    const bob = Object.values(bad)[0]!;
    await publish(scene, bob, "in_bad");
    const published = new Map<string, number>();
    for (let n = 0; n < EVENTS; n++) {
      published.set(`in_${n}`, await publish(scene, good, `in_${n}`));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await until("the good one has got all", () => latencies(good, published).length === EVENTS);

    const firsts = () =>
      api.db.sql`
        select d.subscription_id, d.status, a.error_code, a.response_status, a.duration_ms, a.is_cut,
          octet_length(a.response_body) as kept, s.status as subscription_status, s.disabled_reason, e.hold_until
        from public.webhook_attempts a
        join public.webhook_deliveries d on d.id = a.delivery_id
        join public.webhook_subscriptions s on s.id = d.subscription_id
        join private.webhook_endpoint_states e on e.subscription_id = s.id
        where a.number = 1 and d.organization_id = ${bob.owner.organizationId}`;
    await until("each bad one was tried", async () => (await firsts()).length === Object.keys(bad).length);
    const rows = await firsts();
    for (const [name, { id }] of Object.entries(bad)) {
      const row = rows.find((candidate) => candidate["subscription_id"] === id)!;
      const { code, status } = MISBEHAVIOURS[name]!;
      assertEquals([name, row.error_code, row.response_status], [name, code, status]);
      assert(row.duration_ms <= 15_000 + MARGIN_MS, `${name} held the worker for ${row.duration_ms} ms`);
      if (name === "gone") assertEquals([row.subscription_status, row.disabled_reason], ["disabled", "gone"]);
      if (name === "limits") assert(row.hold_until > new Date(Date.now() + 3_000_000), `${row.hold_until}`);
      if (name === "floods") assertEquals([row.is_cut, row.kept], [true, 65_536]);
    }
    const delivered = await api.db.sql`
      select count(*)::int as deliveries, max(attempts)::int as attempts from public.webhook_deliveries
      where subscription_id = ${good.id} and status = 'delivered'`;
    assertEquals({ ...delivered[0] }, { deliveries: EVENTS, attempts: 1 });

    // And it goes on: what comes now comes through.
    const last = new Map([["in_last", await publish(scene, good, "in_last")]]);
    await until("the worker goes on", () => latencies(good, last).length === 1);
  }));

Deno.test("a name that leads into the platform's network is looked up at each attempt, and nothing is sent there", () =>
  withScene([], async (scene) => {
    const { api, good } = scene;
    // It was a public address when it was subscribed, and is another one now.
    const url = good.receiver.url.replace("127.0.0.1", "localhost");
    await api.db.sql`update public.webhook_subscriptions set url = ${url} where id = ${good.id}`;
    await publish(scene, good, "in_1");
    const attempts = () => api.db.sql`select error_code from public.webhook_attempts`;
    await until("it was tried", async () => (await attempts()).length > 0);
    assertEquals([(await attempts())[0]?.["error_code"], good.receiver.arrivals.size], ["blocked_address", 0]);
  }));

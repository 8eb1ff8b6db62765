/**
 * Runs of deliveries: waited for by the sender, run before their event is kept, started together.
 *
 * @module
 */
import { getEngine } from "../../shared/engine/mod.ts";
import type { Graph, Json } from "../../shared/graph/mod.ts";
import { backgroundSettled, createApp } from "../../shared/http/mod.ts";
import type { TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw, set } from "../../tests/helpers/flows.ts";
import {
  CHECKOUT,
  deliver,
  deliverStripe,
  kept,
  type Receipt,
  SECRET,
  withEndpoint,
} from "../../tests/helpers/hook_deliveries.ts";
import { signStripe } from "../../tests/helpers/webhooks.ts";
import { router } from "./router.ts";

Deno.test("an endpoint that waits answers with what the run gave, and a repeated delivery gets the same", () =>
  withEndpoint(router, async (api, endpoint) => {
    for (const duplicate of [false, true]) {
      const { status, body } = await deliverStripe(api, endpoint);
      assertEquals([status, body.duplicate], [200, duplicate]);
      const output = { type: "checkout.session.completed", total: 4200 };
      assertEquals(body.run, { status: "completed", output, error: null });
    }
  }, { waitSeconds: 10 }));

Deno.test("an endpoint that waits says how the run failed", () =>
  withEndpoint(router, async (api, endpoint) => {
    const { status, body } = await deliverStripe(api, endpoint);
    assertEquals([status, body.run?.status, body.run?.error?.code], [200, "failed", "expression_invalid"]);
  }, {
    waitSeconds: 10,
    graph: draw({ t: ["trigger.webhook"], a: set({ n: "{{ 1 / trigger.body.nothing }}" }) }, "t>a"),
  }));

Deno.test("an endpoint that waits answers with the receipt when the run takes longer", () =>
  withEndpoint(router, async (api, endpoint) => {
    const { status, body } = await deliverStripe(api, endpoint);
    assertEquals([status, body.status, body.run], [202, "accepted", undefined]);
  }, {
    waitSeconds: 1,
    graph: draw(
      { t: ["trigger.webhook"], w: ["logic.wait", { config: { mode: "duration", durationSeconds: 60 } }] },
      "t>w",
    ),
  }));

Deno.test("deliveries over a direct connection are received and run, and over the Data API when none can be had", () =>
  withEndpoint(router, async (api, endpoint) => {
    // Nothing listens at the first one.
    for (const databaseUrl of ["postgres://postgres@127.0.0.1:9/postgres", api.db.url]) {
      const env = { ...api.env, inlineTransport: "postgres" as const, databaseUrl };
      const app = createApp("hooks", router, { env, fetch: api.fetch, write: () => {} });
      const event = { ...CHECKOUT, id: crypto.randomUUID() };
      const body = JSON.stringify(event);
      const headers = { "stripe-signature": await signStripe(body, SECRET) };
      const response = await app.request(`/hooks/${endpoint.slug}`, { method: "POST", headers, body });
      const receipt = await response.json() as Receipt;
      assertEquals([response.status, receipt.run?.status], [200, "completed"]);
      await backgroundSettled();
      await getEngine(env).client.close();
    }
  }, { waitSeconds: 10 }));

/** What is left of the runs of deliveries, without what is different each time. */
async function traces(api: TestApi) {
  const runs = await api.db.sql`
    select r.id, r.status, r.input - 'event_id' - 'received_at' #- '{body,id}' #- '{headers}' as input, r.output, r.error, r.trigger, r.trigger_node,
      r.flow_version_id, r.traceparent, r.created_by, r.depth, r.input ->> 'event_id' = e.id::text as knows_event,
      (r.input ->> 'received_at')::timestamptz = e.received_at as knows_time, e.run_id = r.id as is_known,
      r.deadline_at - r.created_at as patience, r.created_at <= r.started_at and r.started_at <= r.finished_at as in_order,
      (select count(*)::int from public.job_queue j where j.run_id = r.id) as tokens
    from public.runs r join public.webhook_events e on e.id = r.webhook_event_id order by r.id`;
  return await Promise.all(runs.map(async ({ id, ...run }) => ({
    ...run,
    steps: [
      ...await api.db.sql`
        select node_id, scope, attempt, organization_id, status, leaf, handles, output, error, exit,
          started_at <= finished_at as in_order
        from public.run_steps where run_id = ${id} order by node_id, scope`,
    ],
  })));
}

/** Flows that only compute, and the steps of a run of each. */
const COMPUTING: Record<string, { graph: Graph; steps: number }> = {
  "with branches": {
    steps: 4,
    graph: draw(
      {
        t: ["trigger.webhook"],
        a: set({ total: "{{ trigger.body.data.object.amount_total }}", event: "{{ trigger.event_id != null }}" }),
        choice: ["logic.if", { config: { condition: "{{ steps.a.output.total > 5000 }}" } }],
        high: set({ n: 1 }),
        low: set({ n: 2, keys: "{{ keys(trigger.body) }}" }),
      },
      "t>a",
      "a>choice",
      "choice/true>high",
      "choice/false>low",
    ),
  },
  "with items in items": {
    // split, 3 × (the item, row, cells, 2 × cell, sum), all, total
    steps: 21,
    graph: draw(
      {
        t: ["trigger.webhook"],
        split: ["logic.splitter", { config: { items: "{{ [1, 2, 3] }}", maxParallel: 2 } }],
        row: set({ n: "{{ item * trigger.body.data.object.amount_total }}" }),
        cells: ["logic.loop.foreach", { config: { items: "{{ [10, 20] }}" } }],
        cell: set({ n: "{{ item + steps.row.output.n + steps.split.output.index }}" }),
        sum: set({ cells: "{{ steps.cells.output }}", at: "{{ index }}" }),
        all: ["logic.collector"],
        total: set({ count: "{{ length(steps.all.output) }}", all: "{{ steps.all.output }}" }),
      },
      "t>split",
      "split>row",
      "row>cells",
      "cells/body>cell",
      "cell>cells",
      "cells/done>sum",
      "sum>all",
      "all>total",
    ),
  },
};

for (const [title, { graph, steps }] of Object.entries(COMPUTING)) {
  Deno.test(`a run that is run before its event is kept leaves what the usual way leaves: ${title}`, () =>
    withEndpoint(router, async (api, endpoint) => {
      const deliverNext = async (id: string) => {
        const { status, body } = await deliverStripe(api, endpoint, { ...CHECKOUT, id });
        assertEquals(status, 202);
        await backgroundSettled();
        return body;
      };
      const usual = await deliverNext("evt_1");
      const [{ count: workers } = { count: 0 }] = await api.db.sql`select count(*)::int as count from private.workers`;
      const ahead = await deliverNext("evt_1b");
      assertEquals(Object.keys(ahead), Object.keys(usual));
      assertEquals((await api.db.sql`select 1 from private.workers`).length, workers);
      const [first, second, ...others] = await traces(api);
      assertEquals(others, []);
      assertEquals(first?.steps.length, steps);
      assertEquals(second, first);
      // The same event again starts nothing, whatever was computed for it.
      assertEquals((await deliverStripe(api, endpoint, { ...CHECKOUT, id: "evt_1b" })).body.duplicate, true);
      assertEquals((await traces(api)).length, 2);
    }, { graph }));
}

Deno.test("deliveries at the same time share their calls, and each gets its own verdict", () =>
  withEndpoint(router, async (api, endpoint) => {
    const send = (event: Json, secret = SECRET) => {
      const body = JSON.stringify(event);
      return signStripe(body, secret).then((signature) =>
        deliver(api, endpoint, body, { "stripe-signature": signature })
      );
    };
    // The plan of the version is here from now on.
    await send({ ...CHECKOUT, id: "evt_0" });
    await backgroundSettled();
    await api.db.sql`update public.plans set hook_requests_per_minute = 1000000`;
    const fails = { ...CHECKOUT, data: { object: { amount_total: 0 } } };
    const replies = await Promise.all([
      ...Array.from({ length: 20 }, (_, index) => send({ ...CHECKOUT, id: `evt_${index}` })),
      ...Array.from({ length: 10 }, (_, index) => send({ ...CHECKOUT, id: `evt_${index}` })),
      send({ ...CHECKOUT, id: "forged" }, "whsec_another_secret"),
      send({ ...fails, id: "fails" }),
    ]);
    await backgroundSettled();
    const statuses = replies.map(({ status }) => status);
    assertEquals(statuses.filter((status) => status === 202).length, 20, "19 that are new and the one that fails");
    assertEquals(statuses.filter((status) => status === 200).length, 11);
    assertEquals(statuses[30], 401);
    const { events, runs } = await kept(api);
    assertEquals([events.length, runs.length], [21, 21]);
    assertEquals(events.reduce((sum, event) => sum + event.deliveries, 0), 32);
    assertEquals(runs.filter(({ status }) => status === "failed").length, 1);
    for (const { body } of replies.slice(0, 30)) {
      assertEquals(events.find(({ id }) => id === body.event_id)?.run_id, body.run_id);
    }
    // Of a limit that several meet at once as many pass as it lets.
    await api.db.sql`update public.plans set hook_requests_per_minute = 7`;
    await api.db.sql`delete from private.rate_limits`;
    const limited = await Promise.all(
      Array.from({ length: 12 }, (_, index) => send({ ...CHECKOUT, id: `limited_${index}` })),
    );
    assertEquals(limited.filter(({ status }) => status === 202).length, 7);
    const refused = limited.filter(({ status }) => status === 429);
    assertEquals(refused.length, 5);
    for (const { headers } of refused) assert(Number(headers.get("retry-after")) >= 8);
  }, {
    graph: draw({ t: ["trigger.webhook"], a: set({ n: "{{ 1 / trigger.body.data.object.amount_total }}" }) }, "t>a"),
  }));

Deno.test("nothing is run ahead of its event that fails, does something or is limited, and nothing of an old version", () =>
  withEndpoint(router, async (api, endpoint, ada) => {
    const statuses = async () =>
      (await api.db.sql`select status from public.runs order by id`).map(({ status }) => status);
    const next = async (total: number) => {
      const id = crypto.randomUUID();
      const event = { ...CHECKOUT, id, data: { object: { amount_total: total } } };
      const { status } = await deliverStripe(api, endpoint, event);
      assertEquals(status, 202);
      await backgroundSettled();
    };
    await next(1);
    await next(0);
    assertEquals(await statuses(), ["completed", "failed"]);
    // The limit of the plan is reached by a run that waits somewhere.
    await api.db.sql`update public.plans set max_concurrent_runs = 1 where id = 'free'`;
    await api.db.sql`
      insert into private.run_slots (limit_key, run_id, organization_id)
      values (${`org:${ada.organizationId}`}, gen_random_uuid(), ${ada.organizationId})`;
    await next(1);
    assertEquals((await statuses()).at(-1), "queued");
    const [receiving] = await api.db.sql`select engine.get_webhook_endpoint(${endpoint.slug}) -> 'ahead' as ahead`;
    assertEquals(receiving?.ahead, null);
    const stale = {
      version_id: crypto.randomUUID(),
      run_id: crypto.randomUUID(),
      event_id: crypto.randomUUID(),
      steps: [],
    };
    const [kept] = await api.db.sql`
      select engine.ingest_webhook(${endpoint.id}, 'k', null, 'POST', '{}', '{}', '', false, '{}',
        p_ahead => ${JSON.stringify(stale)}::text::jsonb) as reply`;
    assertEquals([kept?.reply.run, kept?.reply.status], [undefined, "accepted"]);
    assert(kept?.reply.run_id !== stale.run_id);
  }, {
    graph: draw({ t: ["trigger.webhook"], a: set({ n: "{{ 1 / trigger.body.data.object.amount_total }}" }) }, "t>a"),
  }));

/**
 * The test address of an endpoint: every delivery is an event of its own, and refusals are explained.
 *
 * @module
 */
import { backgroundSettled } from "../../shared/http/mod.ts";
import { assertEquals, assertMatch } from "../../tests/helpers/assert.ts";
import { draw, set } from "../../tests/helpers/flows.ts";
import {
  CHECKOUT,
  deliver,
  deliverStripe,
  kept,
  rejections,
  SECRET,
  withEndpoint,
} from "../../tests/helpers/hook_deliveries.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { signStripe } from "../../tests/helpers/webhooks.ts";
import { router } from "./router.ts";

/** The test address of an endpoint. */
function testOf<T extends { slug: string }>(endpoint: T): T {
  return { ...endpoint, slug: `${endpoint.slug}/test` };
}

Deno.test("POST /hooks/:slug/test runs each delivery anew, marked, and leaves the real event alone", () =>
  withEndpoint(router, async (api, endpoint) => {
    const tests = [await deliverStripe(api, testOf(endpoint)), await deliverStripe(api, testOf(endpoint))];
    assertEquals(tests.map(({ status, body }) => [status, body.duplicate, body.status, body.test]), [
      [202, false, "accepted", true],
      [202, false, "accepted", true],
    ]);
    const live = await deliverStripe(api, endpoint);
    assertEquals([live.status, live.body.duplicate, live.body.test], [202, false, undefined]);
    const again = await deliverStripe(api, endpoint);
    assertEquals([again.status, again.body.duplicate, again.body.run_id], [200, true, live.body.run_id]);
    assertEquals((await deliverStripe(api, testOf(endpoint))).body.duplicate, false);
    await backgroundSettled();
    const { events, runs } = await kept(api);
    assertEquals(events.map(({ is_test, event_key, deliveries }) => [is_test, event_key, deliveries]), [
      [true, "evt_1", 1],
      [true, "evt_1", 1],
      [false, "evt_1", 2],
      [true, "evt_1", 1],
    ]);
    for (const { run_id, is_test } of events) {
      const run = runs.find(({ id }) => id === run_id);
      assertEquals([run?.status, run?.trigger, run?.input.test], ["completed", "webhook", is_test ? true : undefined]);
    }
  }));

Deno.test("POST /hooks/:slug/test works while endpoint or flow is off, on the flow's current version", () =>
  withEndpoint(router, async (api, endpoint, ada) => {
    await api.db.sql`update public.webhook_endpoints set is_active = false`;
    await api.db.as(
      "authenticated",
      { sub: ada.id },
      (sql) =>
        sql`select public.save_flow(${endpoint.flowId}, p_is_active => false, p_graph => ${
          JSON.stringify(draw({ t: ["trigger.webhook"], a: set({ test: "{{ trigger.test }}" }) }, "t>a"))
        }::text::jsonb)`,
    );
    expectProblem(await deliverStripe(api, endpoint), "not_found");
    const test = await deliverStripe(api, testOf(endpoint));
    assertEquals([test.status, test.body.status], [202, "accepted"]);
    await backgroundSettled();
    const { runs: [run] } = await kept(api);
    assertEquals([run?.status, run?.output], ["completed", { test: true }]);
    await api.db.sql`update public.flows set deleted_at = now()`;
    const deleted = await deliverStripe(api, testOf(endpoint));
    assertEquals([deleted.status, deleted.body.held_because], [200, "flow_deleted"]);
    await api.db.sql`update public.organizations set suspended_at = now() where id = ${ada.organizationId}`;
    expectProblem(await deliverStripe(api, testOf(endpoint)), "not_found");
    for (const slug of ["x/test", `${"a".repeat(32)}/test`, `${endpoint.slug}/other`]) {
      assertEquals((await deliver(api, { slug }, "{}")).status, 404, slug);
    }
  }));

Deno.test("POST /hooks/:slug/test refuses what the real address refuses, says exactly why, and counts it", () =>
  withEndpoint(router, async (api, endpoint) => {
    const text = JSON.stringify(CHECKOUT);
    const old = Math.floor(Date.now() / 1000) - 1_000;
    const bad: [string | undefined, RegExp][] = [
      [undefined, /^The signature is missing: there is no header Stripe-Signature$/],
      ["t=now,v1=zz", /^The signature has the wrong form: Stripe-Signature must hold t= once/],
      [await signStripe(text, "whsec_another_secret"), /^The signature does not match the body: no valid secret/],
      [
        await signStripe(text, SECRET, old),
        /^The signature is too old.*: the signed time lies 100\d s in the past, 300/,
      ],
      [await signStripe(text, SECRET, old + 2_000), /: the signed time lies (?:9\d\d|1000) s in the future, 300 s/],
    ];
    for (const [signature, detail] of bad) {
      const headers: Record<string, string> = signature === undefined ? {} : { "stripe-signature": signature };
      const test = await deliver(api, testOf(endpoint), text, headers);
      expectProblem(test, "invalid_signature");
      assertMatch(test.body.detail ?? "", detail);
      await backgroundSettled();
    }
    assertEquals(await rejections(api), { count: bad.length, last: "stale_timestamp" });
    const live = await deliver(api, endpoint, text, {});
    assertEquals(live.body.detail, "The signature is missing", "strangers are told no more than before");
    expectProblem(await deliver(api, testOf(endpoint), null, {}, "GET"), "method_not_allowed");
    await api.db.sql`
      insert into private.rate_limits (key, tat) values (${`hook:${endpoint.id}`}, now() + interval '1 hour')
      on conflict (key) do update set tat = excluded.tat`;
    expectProblem(await deliverStripe(api, testOf(endpoint)), "rate_limited");
    const { events, runs } = await kept(api);
    assertEquals([events.length, runs.length], [0, 0]);
  }));

Deno.test("ALL /hooks/:slug/test of an endpoint without signatures takes any method", () =>
  withEndpoint(router, async (api, endpoint) => {
    for (const body of ['{"a":1}', '{"a":1}']) {
      const { status, body: receipt } = await deliver(api, testOf(endpoint), body, {}, "PUT", "?a=1");
      assertEquals([status, receipt.unsigned, receipt.test, receipt.duplicate], [202, true, true, false]);
    }
    assertEquals((await deliver(api, testOf(endpoint), null, {}, "HEAD")).status, 204);
  }, { provider: "custom", config: { signature_header: "x-signature" }, signatureRequired: false }));

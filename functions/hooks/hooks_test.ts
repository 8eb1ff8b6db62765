/**
 * The function `hooks` on a real Postgres: signed deliveries become events and runs, everything else does not.
 *
 * @module
 */
import { backgroundSettled } from "../../shared/http/mod.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
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

Deno.test("POST /hooks/:slug keeps a signed Stripe event, then answers, then runs the flow", () =>
  withEndpoint(router, async (api, endpoint) => {
    const text = JSON.stringify(CHECKOUT);
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const reply = await deliver(
      api,
      endpoint,
      text,
      {
        "stripe-signature": await signStripe(text, SECRET),
        "content-type": "application/json; charset=utf-8",
        "authorization": "Bearer of-the-sender",
        "cookie": "a=b",
        "x-api-key": "secret",
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        traceparent,
      },
      "POST",
      "?from=test",
    );
    assertEquals(reply.status, 202);
    assertEquals([reply.body.duplicate, reply.body.status, reply.body.unsigned], [false, "accepted", undefined]);
    assert(reply.headers.get("ratelimit")?.startsWith('"hook"'));
    await backgroundSettled();
    const { events: [event], runs: [run] } = await kept(api);
    assertEquals([event?.id, event?.run_id], [reply.body.event_id, reply.body.run_id]);
    assertEquals([event?.event_key, event?.type, event?.body, event?.unsigned], ["evt_1", CHECKOUT.type, text, false]);
    assertEquals(event?.query, { from: "test" });
    assertEquals(Object.keys(event?.headers).sort(), ["content-type", "traceparent", "user-agent"]);
    assertEquals(run?.status, "completed");
    assertEquals(run?.output, { type: CHECKOUT.type, total: 4200 });
    assertEquals([run?.trigger, run?.webhook_event_id, run?.traceparent], ["webhook", event?.id, traceparent]);
    const { received_at, ...input } = run?.input;
    assert(!Number.isNaN(Date.parse(received_at)));
    assertEquals(input, {
      event_id: event?.id,
      type: CHECKOUT.type,
      headers: event?.headers,
      query: { from: "test" },
      method: "POST",
      body: CHECKOUT,
    });
  }));

Deno.test("POST /hooks/:slug makes one event and one run of four deliveries at once", () =>
  withEndpoint(router, async (api, endpoint) => {
    const replies = await Promise.all([1, 2, 3, 4].map(() => deliverStripe(api, endpoint)));
    assertEquals(replies.map(({ status }) => status).sort(), [200, 200, 200, 202]);
    assertEquals(new Set(replies.map(({ body }) => `${body.event_id} ${body.run_id}`)).size, 1);
    assertEquals(replies.filter(({ body }) => !body.duplicate).length, 1);
    await backgroundSettled();
    const { events, runs } = await kept(api);
    assertEquals([events.length, runs.length, events[0]?.deliveries], [1, 1, 4]);
  }));

Deno.test("POST /hooks/:slug gives 404 for addresses that are nobody's, and says nothing more", () =>
  withEndpoint(router, async (api, endpoint, ada) => {
    for (const slug of ["x", "a".repeat(32), "..%2f..%2f", "%00", "a".repeat(2_000), `${endpoint.slug}%20`]) {
      const { status, body } = await deliver(api, { slug }, "{}");
      assertEquals([status, body.code], [404, "not_found"], slug);
    }
    await api.db.sql`update public.webhook_endpoints set is_active = false`;
    expectProblem(await deliverStripe(api, endpoint), "not_found");
    await api.db.sql`update public.webhook_endpoints set is_active = true`;
    await api.db.sql`update public.organizations set suspended_at = now() where id = ${ada.organizationId}`;
    expectProblem(await deliverStripe(api, endpoint), "not_found");
  }));

Deno.test("POST /hooks/:slug holds events of a flow that is off or deleted", () =>
  withEndpoint(router, async (api, endpoint) => {
    await api.db.sql`update public.flows set is_active = false`;
    const off = await deliverStripe(api, endpoint);
    assertEquals([off.status, off.body.status, off.body.held_because, off.body.run_id], [
      200,
      "held",
      "flow_inactive",
      null,
    ]);
    await api.db.sql`update public.flows set deleted_at = now()`;
    const deleted = await deliverStripe(api, endpoint, { ...CHECKOUT, id: "evt_2" });
    assertEquals([deleted.body.held_because, deleted.body.duplicate], ["flow_deleted", false]);
    const { events, runs } = await kept(api);
    assertEquals([events.length, runs.length], [2, 0]);
  }));

Deno.test("POST /hooks/:slug limits the deliveries of an endpoint", () =>
  withEndpoint(router, async (api, endpoint) => {
    await api.db.sql`
      insert into private.rate_limits (key, tat) values (${`hook:${endpoint.id}`}, now() + interval '1 hour')`;
    const limited = await deliverStripe(api, endpoint);
    expectProblem(limited, "rate_limited");
    assert(Number(limited.headers.get("retry-after")) > 0);
    assert(limited.headers.get("ratelimit-policy")?.includes("q=600;w=60"));
    assertEquals((await kept(api)).events.length, 0);
  }));

Deno.test("POST /hooks/:slug answers 503 while the database is away, so that the sender repeats itself", () =>
  withEndpoint(router, async (api, endpoint) => {
    const text = JSON.stringify(CHECKOUT);
    const provider = api.caller({ "stripe-signature": await signStripe(text, SECRET) });
    const away = await api.withoutDatabase(() => provider.post(`/hooks/${endpoint.slug}`, text));
    expectProblem(away, "service_unavailable");
    assert(Number(away.headers.get("retry-after")) > 0);
    const back = await deliverStripe(api, endpoint);
    assertEquals([back.status, back.body.duplicate], [202, false]);
  }));

Deno.test("POST /hooks/:slug takes bodies up to 1 MiB, and what is no JSON as text", () =>
  withEndpoint(router, async (api, endpoint) => {
    const send = async (body: BodyInit, signed: Uint8Array | string) =>
      await deliver(api, endpoint, body, { "stripe-signature": await signStripe(signed, SECRET) });
    const frame = JSON.stringify({ ...CHECKOUT, id: "evt_large", pad: "" });
    const large = frame.replace('"pad":""', `"pad":"${"x".repeat(1_048_576 - frame.length)}"`);
    assertEquals((await send(large, large)).status, 202);
    expectProblem(await send(`${large} `, `${large} `), "payload_too_large");
    const stream = new Blob([large, " "]).stream();
    expectProblem(await send(stream, `${large} `), "payload_too_large");

    const text = await send("hello, world", "hello, world");
    assertEquals([text.status, text.body.duplicate], [202, false]);
    assertEquals((await send("hello, world", "hello, world")).body.duplicate, true);
    for (
      const bad of [
        '{"id":"a","id":"b"}',
        '{"n":9007199254740993}',
        '{"__proto__":{}}',
        '{"s":"\\u0000"}',
        "[".repeat(70) + "]".repeat(70),
      ]
    ) {
      expectProblem(await send(bad, bad), "invalid_json");
    }
    const binary = new Uint8Array([0xff, 0x00, 0x80]);
    expectProblem(await send(binary, binary), "invalid_json");
    expectProblem(await send("a\0b", "a\0b"), "invalid_json");
    await backgroundSettled();
    const { events, runs } = await kept(api);
    assertEquals([events.length, runs.length], [2, 2]);
    assertEquals(
      runs.find(({ webhook_event_id }) => webhook_event_id === text.body.event_id)?.input.body,
      "hello, world",
    );
    assertEquals((await rejections(api)).count, 7);
  }));

Deno.test("ALL /hooks/:slug of an endpoint without signatures takes any method, visibly unsigned", () =>
  withEndpoint(router, async (api, endpoint) => {
    const first = await deliver(api, endpoint, null, {}, "GET", "?a=1&b=2&a=3");
    assertEquals([first.status, first.body.unsigned, first.body.duplicate], [202, true, false]);
    const second = await deliver(api, endpoint, null, {}, "GET", "?a=1");
    assertEquals([second.status, second.body.duplicate], [202, false]);
    const put = await deliver(api, endpoint, "name=Ada&tag=a&tag=b", {
      "content-type": "application/x-www-form-urlencoded",
    }, "PUT");
    assertEquals(put.status, 202);
    for (const method of ["HEAD", "OPTIONS"]) {
      assertEquals((await deliver(api, endpoint, null, {}, method)).status, 204);
    }
    expectProblem(await deliver(api, endpoint, null, {}, "GET", "?a=%00"), "invalid_request");
    await backgroundSettled();
    const { events, runs } = await kept(api);
    assertEquals(events.map(({ method, unsigned }) => [method, unsigned]), [["GET", true], ["GET", true], [
      "PUT",
      true,
    ]]);
    const inputs = events.map(({ run_id }) => runs.find(({ id }) => id === run_id)?.input);
    assertEquals(inputs.map(({ body }) => body), [null, null, { name: "Ada", tag: ["a", "b"] }]);
    assertEquals(inputs[0].query, { a: "3", b: "2" });
  }, { provider: "custom", config: { signature_header: "x-signature" }, signatureRequired: false }));

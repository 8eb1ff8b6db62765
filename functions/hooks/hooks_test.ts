/**
 * The function `hooks` on a real Postgres: signed deliveries become events and runs, everything else does not.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import type { Graph, Json, JsonObject } from "../../shared/graph/mod.ts";
import { toBase64 } from "../../shared/bytes/mod.ts";
import { keyringOf, sealEnvelope, webhookSecretPlace } from "../../shared/secrets/mod.ts";
import { getEngine } from "../../shared/engine/mod.ts";
import { backgroundSettled, createApp } from "../../shared/http/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertMatch } from "../../tests/helpers/assert.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { signStripe, signTypeform } from "../../tests/helpers/webhooks.ts";
import { router } from "./router.ts";

const GRAPH = draw({
  t: ["trigger.webhook"],
  a: set({ type: "{{ trigger.type }}", total: "{{ trigger.body.data.object.amount_total }}" }),
}, "t>a");

const SECRET = "whsec_test_secret_of_this_endpoint";

const CHECKOUT = {
  id: "evt_1",
  object: "event",
  type: "checkout.session.completed",
  data: { object: { id: "cs_1", amount_total: 4200 } },
};

interface Receipt {
  event_id: string;
  run_id: string | null;
  duplicate: boolean;
  status: string;
  held_because: string | null;
  unsigned?: true;
  test?: true;
  run?: { status: string; output: Json; error: { code: string } | null };
  detail?: string;
}

interface Endpoint {
  id: string;
  slug: string;
  flowId: string;
}

interface EndpointOptions {
  provider?: string;
  config?: JsonObject;
  signatureRequired?: boolean;
  waitSeconds?: number;
  graph?: Graph;
}

/** Runs `fn` with a user and an endpoint of hers. */
function withEndpoint(
  fn: (api: TestApi, endpoint: Endpoint, ada: ApiUser) => Promise<void>,
  { provider = "stripe", config = {}, signatureRequired = true, waitSeconds = 0, graph = GRAPH }: EndpointOptions = {},
): Promise<void> {
  return withServedApi([router], async (api) => {
    const ada = await api.createUser();
    const flowId = await saveFlow(api, ada, graph);
    const [row] = await api.db.as(
      "authenticated",
      { sub: ada.id },
      (sql) =>
        sql`select public.create_webhook_endpoint(${flowId}, 'Test', ${provider}, ${
          JSON.stringify(config)
        }::text::jsonb,
        ${SECRET}, null, ${signatureRequired}, p_wait_seconds => ${waitSeconds}) as endpoint`,
    );
    const { id, slug } = row?.endpoint;
    await fn(api, { id, slug, flowId }, ada);
  });
}

/** Sends a delivery to an endpoint as the world does: no key, no token. */
async function deliver(
  api: TestApi,
  { slug }: { slug: string },
  body: BodyInit | null,
  headers: Record<string, string> = {},
  method = "POST",
  query = "",
) {
  const response = await api.fetch(`http://project.test/functions/v1/hooks/${slug}${query}`, { method, headers, body });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === "" ? {} : JSON.parse(text)) as Receipt & Parameters<typeof expectProblem>[0]["body"],
  };
}

async function deliverStripe(api: TestApi, endpoint: Endpoint, event: Json = CHECKOUT) {
  const text = JSON.stringify(event);
  return await deliver(api, endpoint, text, { "stripe-signature": await signStripe(text, SECRET) });
}

/** What is kept of everything that came. */
async function kept(api: TestApi) {
  const events = await api.db.sql`
    select id, event_key, type, status, held_because, unsigned, headers, query, method, run_id, deliveries,
      is_test,
      convert_from(raw_body, 'UTF8') as body from public.webhook_events order by id`;
  const runs = await api.db
    .sql`select id, status, input, output, trigger, webhook_event_id, traceparent from public.runs`;
  return { events: [...events], runs: [...runs] };
}

async function rejections(api: TestApi): Promise<{ count: number; last: string | null }> {
  await backgroundSettled();
  const [row] = await api.db
    .sql`select rejected_count::int as count, last_rejection as last from public.webhook_endpoints`;
  return { count: row?.count, last: row?.last };
}

Deno.test("POST /hooks/:slug keeps a signed Stripe event, then answers, then runs the flow", () =>
  withEndpoint(async (api, endpoint) => {
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
  withEndpoint(async (api, endpoint) => {
    const replies = await Promise.all([1, 2, 3, 4].map(() => deliverStripe(api, endpoint)));
    assertEquals(replies.map(({ status }) => status).sort(), [200, 200, 200, 202]);
    assertEquals(new Set(replies.map(({ body }) => `${body.event_id} ${body.run_id}`)).size, 1);
    assertEquals(replies.filter(({ body }) => !body.duplicate).length, 1);
    await backgroundSettled();
    const { events, runs } = await kept(api);
    assertEquals([events.length, runs.length, events[0]?.deliveries], [1, 1, 4]);
  }));

Deno.test("POST /hooks/:slug takes Typeform's signature and tells the same body as the same event", () =>
  withEndpoint(async (api, endpoint) => {
    const text = JSON.stringify({ event_id: "01H", event_type: "form_response", form_response: { token: "x" } });
    const headers = { "typeform-signature": await signTypeform(text, SECRET) };
    const first = await deliver(api, endpoint, text, headers);
    assertEquals([first.status, first.body.duplicate], [202, false]);
    const again = await deliver(api, endpoint, text, headers);
    assertEquals([again.status, again.body.duplicate, again.body.run_id], [200, true, first.body.run_id]);
    const other = text.replace("01H", "01J");
    expectProblem(await deliver(api, endpoint, other, headers), "invalid_signature");
    expectProblem(await deliver(api, endpoint, null, headers, "GET"), "method_not_allowed");
    assertEquals((await rejections(api)).count, 1);
  }, { provider: "typeform" }));

Deno.test("POST /hooks/:slug answers Slack's question for the address when it is signed, and keeps nothing of it", () =>
  withEndpoint(async (api, endpoint) => {
    const ask = async (secret: string) => {
      const text = JSON.stringify({ token: "t", challenge: "3eZbrw1aBm2r", type: "url_verification" });
      const time = String(Math.floor(Date.now() / 1000));
      const mac = createHmac("sha256", secret).update(`v0:${time}:${text}`).digest("hex");
      const headers = { "x-slack-request-timestamp": time, "x-slack-signature": `v0=${mac}` };
      return await deliver(api, endpoint, text, { "content-type": "application/json", ...headers });
    };
    const answer = await ask(SECRET);
    assertEquals([answer.status, answer.body as unknown], [200, { challenge: "3eZbrw1aBm2r" }]);
    expectProblem(await ask("another-secret"), "invalid_signature");
    await backgroundSettled();
    assertEquals((await kept(api)).events.length, 0);
  }, { provider: "slack" }));

Deno.test("POST /hooks/:slug refuses what is forged, stale, unsigned or changed, and keeps nothing of it", () =>
  withEndpoint(async (api, endpoint) => {
    const text = JSON.stringify(CHECKOUT);
    const old = Math.floor(Date.now() / 1000) - 301;
    const bad: [string, string, string | undefined][] = [
      ["forged", text, await signStripe(text, "whsec_another_secret")],
      ["stale", text, await signStripe(text, SECRET, old)],
      ["early", text, await signStripe(text, SECRET, old + 700)],
      ["unsigned", text, undefined],
      ["malformed", text, "t=now,v1=zz"],
      ["changed", text.replace("4200", "1"), await signStripe(text, SECRET)],
      ["re-encoded", JSON.stringify(CHECKOUT, null, 1), await signStripe(text, SECRET)],
    ];
    for (const [what, body, signature] of bad) {
      const headers: Record<string, string> = signature === undefined ? {} : { "stripe-signature": signature };
      const reply = await deliver(api, endpoint, body, headers);
      assertEquals(reply.body.code, "invalid_signature", what);
      expectProblem(reply, "invalid_signature");
      // Written after the answer: in the order of the deliveries only if each is waited for.
      await backgroundSettled();
    }
    assertEquals(await rejections(api), { count: bad.length, last: "signature_mismatch" });
    const { events, runs } = await kept(api);
    assertEquals([events.length, runs.length], [0, 0]);
  }));

Deno.test("POST /hooks/:slug takes both secrets during a rotation, and the old one no longer", () =>
  withEndpoint(async (api, endpoint, ada) => {
    await api.db.as(
      "authenticated",
      { sub: ada.id },
      (sql) => sql`select public.rotate_webhook_secret(${endpoint.id}, 'whsec_the_new_one', 3600)`,
    );
    const send = async (id: string, secret: string) => {
      const text = JSON.stringify({ ...CHECKOUT, id });
      return await deliver(api, endpoint, text, { "stripe-signature": await signStripe(text, secret) });
    };
    assertEquals((await send("evt_a", SECRET)).status, 202);
    assertEquals((await send("evt_b", "whsec_the_new_one")).status, 202);
    await api.db.sql`update private.webhook_secrets set expires_at = now() where expires_at is not null`;
    expectProblem(await send("evt_c", SECRET), "invalid_signature");
  }));

Deno.test("POST /hooks/:slug takes secrets that were sealed meanwhile, and 503s when it cannot open them", () =>
  withEndpoint(async (api, endpoint) => {
    const send = async (id: string, secret = SECRET) => {
      const text = JSON.stringify({ ...CHECKOUT, id });
      return await deliver(api, endpoint, text, { "stripe-signature": await signStripe(text, secret) });
    };
    assertEquals((await send("evt_1")).status, 202);
    const [row] = await api.db.sql`select id, secret from private.webhook_secrets`;
    const [{ organization_id } = {}] = await api.db.sql`select organization_id from public.webhook_endpoints`;
    const keyring = keyringOf(api.env)!;
    const bytes = await sealEnvelope(keyring, webhookSecretPlace(organization_id, row?.id), row?.secret);
    const rows = [{ id: row?.id, envelope: toBase64(bytes), key_id: keyring.current }];
    const [sealed] = await api.db.sql`select engine.seal_webhook_secrets(${JSON.stringify(rows)}::text::jsonb) as n`;
    assertEquals(sealed?.n, 1);
    assertEquals((await send("evt_2")).status, 202);
    expectProblem(await send("evt_3", "whsec_of_somebody_else"), "invalid_signature");
    // Changed in the database: whether the delivery is genuine cannot be said, so the sender has to come again.
    await api.db.sql`update private.webhook_secrets set envelope = set_byte(envelope, 90, get_byte(envelope, 90) # 1)`;
    expectProblem(await send("evt_4"), "service_unavailable");
    assertEquals((await kept(api)).events.map(({ event_key }) => event_key), ["evt_1", "evt_2"]);
  }));

Deno.test("POST /hooks/:slug gives 404 for addresses that are nobody's, and says nothing more", () =>
  withEndpoint(async (api, endpoint, ada) => {
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
  withEndpoint(async (api, endpoint) => {
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
  withEndpoint(async (api, endpoint) => {
    await api.db.sql`
      insert into private.rate_limits (key, tat) values (${`hook:${endpoint.id}`}, now() + interval '1 hour')`;
    const limited = await deliverStripe(api, endpoint);
    expectProblem(limited, "rate_limited");
    assert(Number(limited.headers.get("retry-after")) > 0);
    assert(limited.headers.get("ratelimit-policy")?.includes("q=600;w=60"));
    assertEquals((await kept(api)).events.length, 0);
  }));

Deno.test("POST /hooks/:slug answers 503 while the database is away, so that the sender repeats itself", () =>
  withEndpoint(async (api, endpoint) => {
    const text = JSON.stringify(CHECKOUT);
    const provider = api.caller({ "stripe-signature": await signStripe(text, SECRET) });
    const away = await api.withoutDatabase(() => provider.post(`/hooks/${endpoint.slug}`, text));
    expectProblem(away, "service_unavailable");
    assert(Number(away.headers.get("retry-after")) > 0);
    const back = await deliverStripe(api, endpoint);
    assertEquals([back.status, back.body.duplicate], [202, false]);
  }));

Deno.test("POST /hooks/:slug takes bodies up to 1 MiB, and what is no JSON as text", () =>
  withEndpoint(async (api, endpoint) => {
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
  withEndpoint(async (api, endpoint) => {
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

/** The test address of an endpoint. */
function testOf<T extends { slug: string }>(endpoint: T): T {
  return { ...endpoint, slug: `${endpoint.slug}/test` };
}

Deno.test("POST /hooks/:slug/test runs each delivery anew, marked, and leaves the real event alone", () =>
  withEndpoint(async (api, endpoint) => {
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
  withEndpoint(async (api, endpoint, ada) => {
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
  withEndpoint(async (api, endpoint) => {
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
  withEndpoint(async (api, endpoint) => {
    for (const body of ['{"a":1}', '{"a":1}']) {
      const { status, body: receipt } = await deliver(api, testOf(endpoint), body, {}, "PUT", "?a=1");
      assertEquals([status, receipt.unsigned, receipt.test, receipt.duplicate], [202, true, true, false]);
    }
    assertEquals((await deliver(api, testOf(endpoint), null, {}, "HEAD")).status, 204);
  }, { provider: "custom", config: { signature_header: "x-signature" }, signatureRequired: false }));

Deno.test("an endpoint that waits answers with what the run gave, and a repeated delivery gets the same", () =>
  withEndpoint(async (api, endpoint) => {
    for (const duplicate of [false, true]) {
      const { status, body } = await deliverStripe(api, endpoint);
      assertEquals([status, body.duplicate], [200, duplicate]);
      const output = { type: "checkout.session.completed", total: 4200 };
      assertEquals(body.run, { status: "completed", output, error: null });
    }
  }, { waitSeconds: 10 }));

Deno.test("an endpoint that waits says how the run failed", () =>
  withEndpoint(async (api, endpoint) => {
    const { status, body } = await deliverStripe(api, endpoint);
    assertEquals([status, body.run?.status, body.run?.error?.code], [200, "failed", "expression_invalid"]);
  }, {
    waitSeconds: 10,
    graph: draw({ t: ["trigger.webhook"], a: set({ n: "{{ 1 / trigger.body.nothing }}" }) }, "t>a"),
  }));

Deno.test("an endpoint that waits answers with the receipt when the run takes longer", () =>
  withEndpoint(async (api, endpoint) => {
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
  withEndpoint(async (api, endpoint) => {
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
        from public.run_steps where run_id = ${id} order by node_id`,
    ],
  })));
}

Deno.test("a run that is run before its event is kept leaves what the usual way leaves", () =>
  withEndpoint(async (api, endpoint) => {
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
    assertEquals(first?.steps.length, 4);
    assertEquals(second, first);
    // The same event again starts nothing, whatever was computed for it.
    assertEquals((await deliverStripe(api, endpoint, { ...CHECKOUT, id: "evt_1b" })).body.duplicate, true);
    assertEquals((await traces(api)).length, 2);
  }, {
    graph: draw(
      {
        t: ["trigger.webhook"],
        a: set({ total: "{{ trigger.body.data.object.amount_total }}", event: "{{ trigger.event_id != null }}" }),
        choice: ["logic.if", { config: { condition: "{{ steps.a.output.total > 5000 }}" } }],
        high: set({ n: 1 }),
        low: set({ n: 2 }),
      },
      "t>a",
      "a>choice",
      "choice/true>high",
      "choice/false>low",
    ),
  }));

Deno.test("deliveries at the same time share their calls, and each gets its own verdict", () =>
  withEndpoint(async (api, endpoint) => {
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
  withEndpoint(async (api, endpoint, ada) => {
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

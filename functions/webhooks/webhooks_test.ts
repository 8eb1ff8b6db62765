/**
 * The function `webhooks` on a real Postgres.
 *
 * @module
 */
import { getEngine } from "../../shared/engine/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertMatch } from "../../tests/helpers/assert.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { checkRoutes, expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { webhookProviders } from "../../shared/webhooks/mod.ts";
import { router } from "./router.ts";
import { providerSchema } from "./schemas.ts";

const GRAPH = draw({ t: ["trigger.webhook"], a: set({ n: "{{ trigger.body.n }}" }) }, "t>a");

interface WebhookBody {
  id: string;
  url: string;
  name: string;
  provider: string;
  config: Record<string, unknown>;
  flow_id: string;
  trigger_node: string | null;
  signature_required: boolean;
  is_active: boolean;
  wait_seconds: number;
  version: number;
  secret: string;
  secrets: { last_four: string; expires_at: string | null }[];
}
interface EventBody {
  id: string;
  type: string | null;
  status: string;
  verdict: string;
  run_id: string | null;
  deliveries: number;
  replay_of: string | null;
  headers: Record<string, string>;
  body: string;
  body_encoding: string;
  body_bytes: number;
}
interface ListBody<T> {
  data: T[];
  next_cursor: string | null;
}

function withFlow(fn: (api: TestApi, ada: ApiUser, flowId: string) => Promise<void>): Promise<void> {
  return withServedApi([router], async (api) => {
    const ada = await api.createUser();
    await fn(api, ada, await saveFlow(api, ada, GRAPH));
  });
}

async function create(ada: ApiUser, flowId: string, rest: Record<string, unknown> = {}): Promise<WebhookBody> {
  const body = { name: "Payments", flow_id: flowId, provider: "stripe", ...rest };
  const { status, body: webhook } = await ada.post<WebhookBody>("/webhooks", body);
  assertEquals(status, 201, JSON.stringify(webhook));
  return webhook;
}

/** Keeps a delivery as the function `hooks` does. */
async function receive(
  api: TestApi,
  endpointId: string,
  body: string | Uint8Array,
  key: string | null,
  unsigned = false,
) {
  const rawBody = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return await getEngine(api.env).client.ingestWebhook({
    endpointId,
    eventKey: key,
    type: "test.event",
    method: "POST",
    headers: { "content-type": "application/json" },
    query: { a: "1" },
    rawBody,
    dedupeBody: key === null,
    input: {
      type: "test.event",
      headers: {},
      query: {},
      method: "POST",
      body: typeof body === "string" ? JSON.parse(body) : null,
    },
    unsigned,
  });
}

Deno.test("webhooks: every route keeps the common contract", async (context) => {
  await withServedApi([router], (api) => checkRoutes(context, api, router));
});

Deno.test("POST /webhooks makes an endpoint with a public address and shows its secret this once", () =>
  withFlow(async (api, ada, flowId) => {
    const body = { name: "Payments", flow_id: flowId, provider: "stripe" };
    const made = await ada.post<WebhookBody>("/webhooks", body, { "idempotency-key": "one" });
    assertEquals(made.status, 201);
    assertMatch(made.body.url, /^http:\/\/project\.test\/functions\/v1\/hooks\/[0-9a-f]{32}$/);
    assertMatch(made.body.secret, /^whsec_/);
    assertEquals([made.body.signature_required, made.body.is_active, made.body.config], [true, true, {}]);
    assertEquals(made.headers.get("etag"), '"v1"');
    assert(made.headers.get("location")?.endsWith(`/webhooks/${made.body.id}`));
    const again = await ada.post<WebhookBody>("/webhooks", body, { "idempotency-key": "one" });
    assertEquals([again.body.id, again.body.secret], [made.body.id, made.body.secret]);
    expectProblem(
      await ada.post("/webhooks", { ...body, name: "Other" }, { "idempotency-key": "one" }),
      "idempotency_mismatch",
    );

    const { body: read } = await ada.get<WebhookBody>(`/webhooks/${made.body.id}`);
    assert(!JSON.stringify(read).includes(made.body.secret));
    assertEquals(read.secrets.map(({ last_four }) => last_four), [made.body.secret.slice(-4)]);
    assert(!("slug" in read));
    assertEquals((await ada.get(`/webhooks/${made.body.id}`, { "if-none-match": '"v1"' })).status, 304);
    const own = await create(ada, flowId, {
      secret: "whsec_from_stripe",
      trigger_node: "t",
      signature_required: false,
    });
    assertEquals([own.secret, own.trigger_node, own.signature_required], ["whsec_from_stripe", "t", false]);
    const [stored] = await api.db.sql`
      select secret, key_id, last_four, position('whsec'::bytea in envelope) as found
      from private.webhook_secrets where endpoint_id = ${own.id}`;
    assertEquals([stored?.secret, typeof stored?.key_id, stored?.last_four, stored?.found], [
      null,
      "string",
      "ripe",
      0,
    ]);
    const given = { ...body, secret: "whsec_from_stripe" };
    const first = await ada.post<WebhookBody>("/webhooks", given, { "idempotency-key": "two" });
    const second = await ada.post<WebhookBody>("/webhooks", given, { "idempotency-key": "two" });
    assertEquals([first.status, second.body.id, second.body.secret], [201, first.body.id, "whsec_from_stripe"]);
    expectProblem(
      await ada.post("/webhooks", { ...given, secret: "whsec_of_another" }, { "idempotency-key": "two" }),
      "idempotency_mismatch",
    );
    const [kept] = await api.db.sql`
      select count(*)::int as replies, count(*) filter (where reply::text like '%whsec%')::int as telling
      from private.idempotency_keys where operation = 'create_webhook_endpoint'`;
    assertEquals([kept?.replies, kept?.telling], [2, 0]);
    // Gone: nobody can say any more what it was.
    for (let n = 0; n < 2; n++) await ada.post(`/webhooks/${first.body.id}/rotate`);
    expectProblem(await ada.post("/webhooks", given, { "idempotency-key": "two" }), "conflict");
  }));

Deno.test("POST /webhooks checks the settings of the provider, all at once", () =>
  withFlow(async (api, ada, flowId) => {
    const send = (rest: Record<string, unknown>) =>
      ada.post("/webhooks", { name: "x", flow_id: flowId, provider: "custom", ...rest });
    const none = await send({});
    expectProblem(none, "invalid_request");
    assertEquals(none.body.problems?.map(({ path }) => path), ["body.config.signature_header"]);
    const several = await send({ config: { signature_header: "no spaces", algorithm: "md5", surprise: 1 } });
    assert((several.body.problems?.length ?? 0) >= 3);
    expectProblem(await send({ provider: "stripe", config: { surprise: 1 } }), "invalid_request");
    const config = { signature_header: "X-Sig", secret_encoding: "hex" };
    const bad = await send({ config, secret: "not hexadecimal" });
    assertEquals(bad.body.problems?.map(({ path }) => path), ["body.secret"]);
    expectProblem(await send({ provider: "paypal" }), "invalid_request");
    expectProblem(await send({ provider: "standard_webhooks", secret: "no base64!" }), "invalid_request");
    expectProblem(await send({ config, secret: "short" }), "invalid_request");
    expectProblem(await send({ config: { ...config, prefix: "x".repeat(9_000) } }), "invalid_request");
    const hex = await create(ada, flowId, { provider: "custom", config });
    assertMatch(hex.secret, /^[0-9a-f]{64}$/);
    const rotate = (secret: string) => ada.post<WebhookBody>(`/webhooks/${hex.id}/rotate`, { secret });
    expectProblem(await ada.post(`/webhooks/${hex.id}/rotate`, { secret: "not hexadecimal" }), "invalid_request");
    assertEquals((await rotate("ab".repeat(16))).status, 200);

    await api.db.sql`update public.plans set max_webhook_endpoints = 1 where id = 'free'`;
    expectProblem(await send({ config }), "plan_limit_reached");
  }));

Deno.test("GET /webhooks pages and filters", () =>
  withFlow(async (api, ada, flowId) => {
    const other = await saveFlow(api, ada, GRAPH, "Other");
    const config = { signature_header: "x-sig" };
    const made = [
      await create(ada, flowId, { name: "B" }),
      await create(ada, flowId, { name: "A", provider: "typeform" }),
      await create(ada, other, { name: "C", provider: "custom", config }),
    ];
    const list = async (query: string) => (await ada.get<ListBody<WebhookBody>>(`/webhooks?${query}`)).body;
    const names = async (query: string) => (await list(query)).data.map(({ name }) => name);
    assertEquals(await names(""), ["C", "A", "B"]);
    assertEquals(await names("sort=name"), ["A", "B", "C"]);
    assertEquals(await names(`flow_id=${other}`), ["C"]);
    assertEquals(await names("provider=typeform"), ["A"]);
    await ada.patch(`/webhooks/${made[0]?.id}`, { is_active: false });
    assertEquals(await names("is_active=false"), ["B"]);
    const first = await list("limit=2");
    assertEquals(first.data.length, 2);
    assertEquals(await names(`limit=2&cursor=${first.next_cursor}`), ["B"]);
    assert(first.data.every(({ url }) => url.startsWith("http://project.test/functions/v1/hooks/")));
    assert(!("secret" in (first.data[0] ?? {})));
    for (const bad of ["provider=x", "is_active=perhaps", "flow_id=1"]) {
      expectProblem(await ada.get(`/webhooks?${bad}`), "invalid_request");
    }
  }));

Deno.test("PATCH /webhooks/:id changes what is named, under the version that was read", () =>
  withFlow(async (api, ada, flowId) => {
    const other = await saveFlow(api, ada, GRAPH, "Other");
    const { id } = await create(ada, flowId, {
      provider: "custom",
      config: { signature_header: "a" },
      trigger_node: "t",
    });
    const patch = (body: unknown, headers = {}) => ada.patch<WebhookBody>(`/webhooks/${id}`, body, headers);
    const named = await patch({ name: "New", signature_required: false }, { "if-match": '"v1"' });
    assertEquals([named.status, named.headers.get("etag")], [200, '"v2"']);
    assertEquals([named.body.name, named.body.signature_required, named.body.trigger_node], ["New", false, "t"]);
    expectProblem(await ada.patch(`/webhooks/${id}`, { name: "Late" }, { "if-match": '"v1"' }), "version_mismatch");
    expectProblem(await ada.patch(`/webhooks/${id}`, { config: {} }), "invalid_request");
    expectProblem(await ada.patch(`/webhooks/${id}`, { provider: "stripe" }), "invalid_request");
    expectProblem(await ada.patch(`/webhooks/${id}`, { flow_id: crypto.randomUUID() }), "not_found");
    const misled = await ada.patch(`/webhooks/${id}`, { trigger_node: "gone" });
    expectProblem(misled, "invalid_request");
    assertEquals(misled.body.problems?.map(({ path, code }) => [path, code]), [
      ["body.trigger_node", "unknown_trigger_node"],
    ]);
    const config = { signature_header: "b" };
    assertEquals((await patch({ config })).body.config, config);
    for (const wait_seconds of [-1, 61, 1.5]) {
      expectProblem(await ada.patch(`/webhooks/${id}`, { wait_seconds }), "invalid_request");
    }
    assertEquals((await patch({ wait_seconds: 20 })).body.wait_seconds, 20);
    assertEquals((await create(ada, flowId, { wait_seconds: 5 })).wait_seconds, 5);
    const moved = await patch({ flow_id: other });
    assertEquals([moved.body.flow_id, moved.body.trigger_node], [other, null]);
    assertEquals((await patch({ trigger_node: "t" })).body.trigger_node, "t");

    expectProblem(await ada.delete(`/webhooks/${id}`, { "if-match": '"v1"' }), "version_mismatch");
    assertEquals((await ada.delete(`/webhooks/${id}`)).status, 204);
    expectProblem(await ada.get(`/webhooks/${id}`), "not_found");
  }));

Deno.test("POST /webhooks/:id/rotate keeps the old secret for the overlap", () =>
  withFlow(async (api, ada, flowId) => {
    const { id, secret } = await create(ada, flowId);
    const rotated = await ada.post<WebhookBody>(`/webhooks/${id}/rotate`, { overlap_seconds: 60 });
    assertEquals(rotated.status, 200);
    assert(rotated.body.secret !== secret);
    assertEquals(rotated.body.secrets.map(({ expires_at }) => expires_at === null), [true, false]);
    const bare = await ada.post<WebhookBody>(`/webhooks/${id}/rotate`);
    assertEquals([bare.status, bare.body.secrets.length], [200, 2]);
    const at_once = await ada.post<WebhookBody>(`/webhooks/${id}/rotate`, { secret: "whsec_mine", overlap_seconds: 0 });
    assertEquals([at_once.body.secret, at_once.body.secrets.length], ["whsec_mine", 1]);
    expectProblem(await ada.post(`/webhooks/${id}/rotate`, { overlap_seconds: -1 }), "invalid_request");
    assertEquals(await getEngine(api.env).client.getWebhookEndpoint("x".repeat(32)), null);
  }));

Deno.test("the event log lists what came, shows it byte for byte, and replays it", () =>
  withFlow(async (api, ada, flowId) => {
    const { id } = await create(ada, flowId);
    const events = async (query = "") => (await ada.get<ListBody<EventBody>>(`/webhooks/${id}/events?${query}`)).body;
    assertEquals(await events(), { data: [], next_cursor: null });
    const first = await receive(api, id, '{"n": 1}', "evt_1");
    await receive(api, id, '{"n": 1}', "evt_1");
    const bytes = new Uint8Array([0, 255, 1, 254]);
    const second = await receive(api, id, bytes, null, true);
    const { data } = await events();
    assertEquals(data.map((event) => [event.id, event.verdict, event.deliveries]), [
      [second.event_id, "unsigned", 1],
      [first.event_id, "verified", 2],
    ]);
    assert(!("raw_body" in (data[0] ?? {})) && !("headers" in (data[0] ?? {})));
    const page = await events("limit=1&sort=received_at");
    assertEquals(page.data[0]?.id, first.event_id);
    assertEquals((await events(`limit=1&sort=received_at&cursor=${page.next_cursor}`)).data[0]?.id, second.event_id);
    assertEquals((await events("type=test.event")).data.length, 2);
    assertEquals((await events("type=other&status=accepted")).data, []);

    const { body: read } = await ada.get<EventBody>(`/webhooks/events/${first.event_id}`);
    assertEquals([read.body, read.body_encoding, read.body_bytes], ['{"n": 1}', "utf-8", 8]);
    assertEquals(read.headers, { "content-type": "application/json" });
    assertEquals(read.run_id, first.run_id);
    const { body: binary } = await ada.get<EventBody>(`/webhooks/events/${second.event_id}`);
    assertEquals([binary.body, binary.body_encoding, binary.body_bytes], [
      btoa(String.fromCharCode(...bytes)),
      "base64",
      4,
    ]);

    const replay = (eventId: string, key: string) =>
      ada.post<{ event_id: string; run_id: string }>(`/webhooks/events/${eventId}/replay`, undefined, {
        "idempotency-key": key,
      });
    const [once, twice] = await Promise.all([replay(first.event_id, "r1"), replay(first.event_id, "r1")]);
    assertEquals([once.status, twice.body.run_id], [202, once.body.run_id]);
    assert(once.headers.get("location")?.endsWith(`/runs/${once.body.run_id}`));
    const { body: copy } = await ada.get<EventBody>(`/webhooks/events/${once.body.event_id}`);
    assertEquals([copy.replay_of, copy.body, copy.verdict], [first.event_id, '{"n": 1}', "verified"]);
    // Bytes that are neither JSON nor text, whose run was deleted: they are read anew.
    await api.db.sql`update public.webhook_events set run_id = null where id = ${second.event_id}`;
    const odd = await replay(second.event_id, "r2");
    assertEquals(odd.status, 202);
    const runs = await api.db.sql`select id, input from public.runs`;
    const inputOf = (runId: string) => runs.find((run) => run.id === runId)?.input;
    assertEquals(inputOf(once.body.run_id).body, { n: 1 });
    assertEquals(inputOf(odd.body.run_id).body, btoa(String.fromCharCode(...bytes)));
    await api.db.sql`update public.flows set is_active = false`;
    expectProblem(await ada.post(`/webhooks/events/${first.event_id}/replay`), "flow_inactive");
  }));

Deno.test("tenant B sees nothing of A's webhooks: the same 404 as for what is not there", () =>
  withFlow(async (api, ada, flowId) => {
    const { id } = await create(ada, flowId);
    const event = await receive(api, id, "{}", "evt_1");
    const bob = await api.createUser();
    const routes: [string, string, unknown?][] = [
      ["GET", `/webhooks/${id}`],
      ["PATCH", `/webhooks/${id}`, { name: "Bob's" }],
      ["PATCH", `/webhooks/${id}`, { config: {} }],
      ["DELETE", `/webhooks/${id}`],
      ["POST", `/webhooks/${id}/rotate`, { secret: "whsec_of_bob" }],
      ["GET", `/webhooks/${id}/events`],
      ["GET", `/webhooks/events/${event.event_id}`],
      ["POST", `/webhooks/events/${event.event_id}/replay`],
    ];
    for (const [method, path, body] of routes) {
      const real = await bob.send(method, path, body);
      const missing = await bob.send(method, path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, crypto.randomUUID()), body);
      expectProblem(real, "not_found");
      assertEquals({ ...real.body, request_id: "" }, { ...missing.body, request_id: "" });
    }
    expectProblem(await bob.post("/webhooks", { name: "x", flow_id: flowId, provider: "stripe" }), "not_found");
    assertEquals((await bob.get<ListBody<WebhookBody>>("/webhooks")).body.data, []);
    const viewer = await api.createMember(ada.organizationId, "viewer");
    expectProblem(await viewer.get(`/webhooks/${id}`), "forbidden");
    const member = await api.createMember(ada.organizationId, "member");
    assertEquals((await member.get(`/webhooks/${id}`)).status, 200);
    expectProblem(await member.post(`/webhooks/${id}/rotate`, {}), "forbidden");
  }));

Deno.test("GET /webhooks/providers describes every provider", () =>
  withFlow(async (_api, ada) => {
    const { body } = await ada.get<{ data: { provider: string; config_schema: { type: string } }[] }>(
      "/webhooks/providers",
    );
    assertEquals(body.data.map(({ provider }) => provider).toSorted(), webhookProviders().toSorted());
    assertEquals(webhookProviders().toSorted(), providerSchema.options.toSorted());
    assert(body.data.every(({ config_schema }) => config_schema.type === "object"));
  }));

/**
 * Webhooks that we send, over the routes of the function `webhooks`, on a real Postgres with a real receiver.
 *
 * @module
 */
import type { Env } from "../../shared/env/mod.ts";
import { type JobContext, jobRegistry } from "../../shared/jobs/mod.ts";
import { EVENT_TYPE_NAMES, signMessage } from "../../shared/webhooks_out/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertMatch } from "../../tests/helpers/assert.ts";
import { startTestServer } from "../../tests/helpers/raw_server.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { router } from "./router.ts";
import type { Delivery, DeliverySummary, Subscription, SubscriptionWithSecret } from "./subscription_schemas.ts";

interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

const OK = "HTTP/1.1 200 OK\r\nSet-Cookie: s=1\r\nContent-Length: 2\r\n\r\nok";

/** Does what workers do with the jobs of webhooks, until nothing is due. */
async function work(api: TestApi): Promise<void> {
  for (;;) {
    const [job] = await api.db.sql`
      delete from public.job_queue where id = (
        select id from public.job_queue where type like 'webhook.%' and scheduled_for <= now() + interval '50 ms'
        order by id limit 1
      ) returning type, payload, organization_id`;
    if (job === undefined) return;
    const context = {
      env: api.env as Env,
      organizationId: job["organization_id"],
      signal: new AbortController().signal,
    };
    const type = await jobRegistry.get(job["type"]);
    await type?.run(job["payload"] ?? {}, context as unknown as JobContext);
  }
}

/** An owner, and a server whose address may be called. */
async function withReceiver(
  answer: Parameters<typeof startTestServer>[0],
  fn: (scene: { api: TestApi; ada: ApiUser; url: string; received: string[] }) => Promise<void>,
): Promise<void> {
  const server = startTestServer(answer);
  const host = `127.0.0.1:${server.port}`;
  try {
    await withServedApi([router], async (api) => {
      const ada = await api.createUser();
      await fn({ api, ada, url: `http://${host}/hooks`, received: server.received });
    }, { env: { EGRESS_ALLOW: host } });
  } finally {
    await server.close();
  }
}

async function subscribe(ada: ApiUser, body: Record<string, unknown>): Promise<SubscriptionWithSecret> {
  const made = await ada.post<SubscriptionWithSecret>("/webhooks/subscriptions", { event_types: ["*"], ...body });
  assertEquals(made.status, 201, JSON.stringify(made.body));
  return made.body;
}

Deno.test("a subscription is made, read, listed, changed, rotated and deleted", () =>
  withReceiver(OK, async ({ api, ada, url }) => {
    const body = { url, event_types: ["run.failed"], application: "shop-7", headers: { "X-Token": "abc" } };
    const made = await ada.post<SubscriptionWithSecret>("/webhooks/subscriptions", body, { "idempotency-key": "one" });
    assertEquals(made.status, 201, JSON.stringify(made.body));
    const { id, secret } = made.body;
    assertMatch(secret ?? "", /^whsec_[A-Za-z0-9+/]{43}=$/);
    assertEquals(made.body.header_names, ["X-Token"]);
    assert(made.headers.get("location")?.endsWith(`/webhooks/subscriptions/${id}`));
    const again = await ada.post<SubscriptionWithSecret>("/webhooks/subscriptions", body, { "idempotency-key": "one" });
    assertEquals([again.body.id, again.body.secret], [id, secret]);
    const [stored] = await api.db.sql`
      select string_agg(encode(envelope, 'escape'), '') as text from private.webhook_subscription_secrets`;
    assert(!String(stored?.["text"]).includes("abc") && !String(stored?.["text"]).includes(secret ?? "?"));

    const read = await ada.get<Subscription>(`/webhooks/subscriptions/${id}`);
    assertEquals(read.body.secrets.map(({ last_four }) => last_four), [secret?.slice(-4)]);
    assertEquals((await ada.get(`/webhooks/subscriptions/${id}`, { "if-none-match": '"v1"' })).status, 304);
    await subscribe(ada, { url });
    const found = await ada.get<Page<Subscription>>("/webhooks/subscriptions?application=shop-7&fields=url");
    assertEquals(found.body.data, [{ id, url }] as never);

    const stale = await ada.patch(`/webhooks/subscriptions/${id}`, { status: "paused" }, { "if-match": '"v9"' });
    expectProblem(stale, "version_mismatch");
    const paused = await ada.patch<Subscription>(`/webhooks/subscriptions/${id}`, { status: "paused", headers: null });
    assertEquals([paused.body.status, paused.body.header_names, paused.body.url], ["paused", [], url]);
    const rotated = await ada.post<SubscriptionWithSecret>(`/webhooks/subscriptions/${id}/rotate`, {});
    assertEquals(rotated.body.secrets.map(({ expires_at }) => expires_at === null), [true, false]);
    assert(rotated.body.secret !== secret);
    assertEquals((await ada.delete(`/webhooks/subscriptions/${id}`)).status, 204);
    expectProblem(await ada.get(`/webhooks/subscriptions/${id}`), "not_found");
    const stranger = await api.createUser();
    expectProblem(await stranger.get(`/webhooks/subscriptions/${made.body.id}`), "not_found");
  }));

Deno.test("a subscription is refused for an address inside, a bad transformation, a header of ours", () =>
  withReceiver(OK, async ({ ada, url }) => {
    const send = (body: Record<string, unknown>) =>
      ada.post("/webhooks/subscriptions", { url, event_types: ["*"], ...body });
    for (const bad of ["http://169.254.169.254/", "http://10.0.0.1/", "http://[::1]/", "http://localhost/"]) {
      expectProblem(await send({ url: bad }), "blocked_address");
    }
    expectProblem(await send({ url: "nonsense" }), "invalid_request");
    const transformed = await send({ transformation: { a: "{{ steps.x.output }}", b: ["{{ trigger. }}"] } });
    assertEquals(transformed.body.problems?.map(({ path }) => path), [
      "body.transformation.a",
      "body.transformation.b[0]",
    ]);
    expectProblem(await send({ headers: { "webhook-id": "x" } }), "invalid_request");
    expectProblem(await send({ headers: { "X-A": "a\r\nb: c" } }), "invalid_request");
    expectProblem(await send({ event_types: ["invoice.payed"] }), "invalid_request");
    expectProblem(await send({ timeout_seconds: 16 }), "invalid_request");
  }));

Deno.test("an event reaches its receiver, and the log says how", () =>
  withReceiver(OK, async ({ api, ada, url, received }) => {
    const { id, secret } = await subscribe(ada, { url, application: "shop-7" });
    await api.db.sql`select private.publish_event(${ada.organizationId}, 'invoice.paid', '{"id": "in_1"}', 'in_1')`;
    await work(api);
    assertEquals(received.length, 1);
    const [head = "", text = ""] = received[0]?.split("\r\n\r\n") ?? [];
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(head)?.[1]?.trim() ?? "";
    const signed = await signMessage(
      [secret ?? ""],
      { id: field("webhook-id"), body: new TextEncoder().encode(text) },
      new Date(Number(field("webhook-timestamp")) * 1000),
    );
    assertEquals(field("webhook-signature"), signed["webhook-signature"]);

    const list = await ada.get<Page<DeliverySummary>>(
      `/webhooks/deliveries?status=delivered,failed&type=invoice.paid&application=shop-7&subscription_id=${id}`,
    );
    const delivery = list.body.data[0];
    assertEquals([delivery?.status, delivery?.attempts, delivery?.message_id], ["delivered", 1, field("webhook-id")]);
    const one = await ada.get<Delivery>(`/webhooks/deliveries/${delivery?.id}`);
    assertEquals(one.status, 200, JSON.stringify(one.body));
    assertEquals([one.body.request_body, one.body.history.length], [text, 1]);
    const attempt = one.body.history[0];
    assertEquals([attempt?.response_body, attempt?.response_body_encoding, attempt?.is_cut], ["ok", "utf-8", false]);
    assert(!("set-cookie" in (attempt?.response_headers ?? {})));
    const stats = await ada.get(`/webhooks/subscriptions/${id}/stats?hours=1`);
    assertEquals([stats.body["attempts"], stats.body["success_rate"]], [1, 1]);

    assertEquals((await ada.post(`/webhooks/deliveries/${delivery?.id}/retry`)).status, 200);
    await work(api);
    expectProblem(await ada.post(`/webhooks/deliveries/${delivery?.id}/cancel`), "conflict");
    const many = await ada.post("/webhooks/deliveries/retry", { filter: { status: "delivered", subscription_id: id } });
    assertEquals(many.body as unknown, { retried: 1, more: false });
    const test = await ada.post<DeliverySummary>(`/webhooks/subscriptions/${id}/test`, { type: "run.failed" });
    assertEquals([test.status, test.body.type, test.body.status], [202, "run.failed", "pending"]);
    await work(api);
    assertEquals(received.length, 4);
    const stranger = await api.createUser();
    expectProblem(await stranger.get(`/webhooks/deliveries/${delivery?.id}`), "not_found");
    expectProblem(await stranger.post(`/webhooks/deliveries/${delivery?.id}/retry`), "not_found");
  }));

Deno.test("GET /webhooks/event-types is the catalogue", () =>
  withReceiver(OK, async ({ ada }) => {
    const { body } = await ada.get<Page<{ type: string; data_schema: { type: string } }>>(
      "/webhooks/event-types?limit=100",
    );
    assertEquals(body.data.map(({ type }) => type), [...EVENT_TYPE_NAMES].sort());
    assert(body.data.every(({ data_schema }) => data_schema.type === "object"));
  }));

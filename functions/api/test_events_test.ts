/**
 * POST /webhooks/:id/test: a real event on its real way, over HTTP, through the function `hooks`.
 *
 * @module
 */
import { createRouter, defineRawRoute, type Router } from "../../shared/http/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertMatch } from "../../tests/helpers/assert.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { FUNCTIONS } from "./mounts.ts";

const [router, hooks] = await Promise.all([FUNCTIONS.webhooks(), FUNCTIONS.hooks()]);

const GRAPH = draw(
  { t: ["trigger.webhook"], a: set({ type: "{{ trigger.type }}", test: "{{ trigger.test }}" }) },
  "t>a",
);

interface Webhook {
  id: string;
  url: string;
  test_url: string;
  secret: string;
}

interface TestReport {
  status: number;
  verdict: string;
  event_id: string | null;
  run_id: string | null;
  held_because: string | null;
  code: string | null;
  detail: string | null;
  request: { method: string; url: string; headers: Record<string, string>; body: string };
  duration_ms: number;
}

function withTester(
  fn: (api: TestApi, ada: ApiUser, create: (rest?: Record<string, unknown>) => Promise<Webhook>) => Promise<void>,
  receiver: Router | null = hooks,
): Promise<void> {
  return withServedApi(receiver === null ? [router] : [router, receiver], async (api) => {
    const ada = await api.createUser();
    const flowId = await saveFlow(api, ada, GRAPH);
    await fn(api, ada, async (rest = {}) => {
      const body = { name: "Shop", flow_id: flowId, provider: "stripe", ...rest };
      const { status, body: webhook } = await ada.post<Webhook>("/webhooks", body);
      assertEquals(status, 201, JSON.stringify(webhook));
      return webhook;
    });
  });
}

async function test(user: ApiUser, { id }: Webhook, body?: unknown): Promise<TestReport> {
  const reply = await user.post<TestReport>(`/webhooks/${id}/test`, body);
  assertEquals(reply.status, 200, JSON.stringify(reply.body));
  return reply.body;
}

Deno.test("every provider has a test event that its own receiver takes", () =>
  withTester(async (_api, ada, create) => {
    const TYPES: Record<string, string> = {
      stripe: "checkout.session.completed",
      typeform: "form_response",
      calendly: "invitee.created",
      standard_webhooks: "contact.created",
      github: "push",
      slack: "app_mention",
      shopify: "orders/create",
      custom: "test.event",
    };
    const { body: { data } } = await ada.get<{ data: { provider: string }[] }>("/webhooks/providers");
    assertEquals(data.map(({ provider }) => provider).sort(), Object.keys(TYPES).sort());
    for (const [provider, type] of Object.entries(TYPES)) {
      const config = provider === "custom" ? { signature_header: "x-signature", event_type_path: "type" } : {};
      const report = await test(ada, await create({ provider, config }));
      assertEquals([report.verdict, report.status], ["verified", 202], `${provider}: ${report.detail}`);
      const { body: event } = await ada.get<{ type: string }>(`/webhooks/events/${report.event_id}`);
      assertEquals(event.type, type);
    }
  }));

Deno.test("endpoints name their test address beside their address", () =>
  withTester(async (_api, ada, create) => {
    const made = await create();
    assertEquals(made.test_url, `${made.url}/test`);
    const { body: read } = await ada.get<Webhook>(`/webhooks/${made.id}`);
    const { body: list } = await ada.get<{ data: Webhook[] }>("/webhooks");
    for (const webhook of [read, list.data[0]]) assertEquals(webhook?.test_url, made.test_url);
  }));

Deno.test("POST /webhooks/:id/test sends a signed sample through the whole way, for every provider", () =>
  withTester(async (api, ada, create) => {
    const config = {
      signature_header: "x-signature",
      signed_content: "{timestamp}.{body}",
      timestamp_header: "X-Time",
      event_type_path: "type",
    };
    const cases: [string, Record<string, unknown>, string, string][] = [
      ["stripe", {}, "checkout.session.completed", "stripe-signature"],
      ["typeform", {}, "form_response", "typeform-signature"],
      ["custom", { config }, "test.event", "x-signature"],
    ];
    for (const [provider, rest, type, header] of cases) {
      const webhook = await create({ provider, ...rest });
      const report = await test(ada, webhook);
      assertEquals([report.status, report.verdict, report.code, report.detail], [202, "verified", null, null]);
      assertEquals([report.request.method, report.request.url], ["POST", webhook.test_url]);
      assertEquals(report.request.headers[header], "(left out)");
      assert(!JSON.stringify(report).includes(webhook.secret));
      assert(report.duration_ms >= 0);
      const { body: event } = await ada.get(`/webhooks/events/${report.event_id}`);
      assertEquals([event.is_test, event.type, event.run_id, event.body], [
        true,
        type,
        report.run_id,
        report.request.body,
      ]);
      const [run] = await api.db.sql`select input from public.runs where id = ${report.run_id}`;
      assertEquals([run?.input.test, run?.input.type], [true, type]);
      if (provider === "custom") assertMatch(report.request.headers["x-time"] ?? "", /^\d{10}$/);
    }
  }));

Deno.test("POST /webhooks/:id/test takes a body, a type and headers, and each time is a new run", () =>
  withTester(async (_api, ada, create) => {
    const webhook = await create({ provider: "custom", config: { signature_header: "x-s", event_id_path: "id" } });
    const given = { body: { id: "same", n: 1 }, headers: { "X-Shop": "Ada's", "x-s": "mine" } };
    const [one, two] = [await test(ada, webhook, given), await test(ada, webhook, given)];
    assertEquals([one.verdict, two.verdict], ["verified", "verified"]);
    assert(one.run_id !== null && two.run_id !== null && one.run_id !== two.run_id);
    assertEquals(one.request.body, '{"id":"same","n":1}');
    const { body: event } = await ada.get(`/webhooks/events/${one.event_id}`);
    assertEquals((event.headers as Record<string, string>)["x-shop"], "Ada's");
    const stripe = await create();
    const typed = await test(ada, stripe, { event_type: "invoice.paid" });
    assertEquals(JSON.parse(typed.request.body).type, "invoice.paid");

    const events = async (query: string) =>
      (await ada.get<{ data: { is_test: boolean }[] }>(`/webhooks/${webhook.id}/events?${query}`)).body.data;
    assertEquals((await events("")).map(({ is_test }) => is_test), [true, true]);
    assertEquals([(await events("test=true")).length, (await events("test=false")).length], [2, 0]);
    expectProblem(await ada.get(`/webhooks/${webhook.id}/events?test=yes`), "invalid_request");
    const bad: Record<string, unknown>[] = [
      { headers: { host: "elsewhere" } },
      { headers: { Authorization: "Bearer x" } },
      { headers: { "x-a": "b\r\nc: d" } },
      { headers: { "no spaces": "x" } },
      { headers: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`x-${index}`, ""])) },
      { event_type: "" },
      { surprise: 1 },
    ];
    for (const body of bad) expectProblem(await ada.post(`/webhooks/${webhook.id}/test`, body), "invalid_request");
  }));

Deno.test("POST /webhooks/:id/test works while endpoint and flow are off, and without signatures", () =>
  withTester(async (api, ada, create) => {
    const open = await create({ signature_required: false });
    await api.db.sql`update public.flows set is_active = false`;
    const report = await test(ada, open);
    assertEquals([report.status, report.verdict], [202, "unsigned"]);
    // Nothing but this switch keeps strangers away from an endpoint without signatures.
    await ada.patch(`/webhooks/${open.id}`, { is_active: false });
    assertEquals((await test(ada, open)).status, 404);
    await ada.patch(`/webhooks/${open.id}`, { is_active: true });
    const signed = await create();
    await ada.patch(`/webhooks/${signed.id}`, { is_active: false });
    assertEquals((await test(ada, signed)).verdict, "verified");
    assertEquals(report.request.headers["stripe-signature"], undefined);
    await api.db.sql`update public.flows set deleted_at = now()`;
    const deleted = await test(ada, open);
    assertEquals([deleted.status, deleted.run_id, deleted.held_because], [200, null, "flow_deleted"]);
  }));

Deno.test("POST /webhooks/:id/test says why an event was rejected", () =>
  withTester(async (api, ada, create) => {
    const webhook = await create();
    await api.db.sql`update private.webhook_secrets set expires_at = now() + interval '1 hour'`;
    const rejected = await test(ada, webhook);
    assertEquals([rejected.status, rejected.verdict, rejected.code, rejected.event_id], [
      401,
      "rejected",
      "invalid_signature",
      null,
    ]);
    assertMatch(rejected.detail ?? "", /there is no header Stripe-Signature/);
    await api.db.sql`
      insert into private.rate_limits (key, tat) values (${`hook:${webhook.id}`}, now() + interval '1 hour')
      on conflict (key) do update set tat = excluded.tat`;
    const limited = await test(ada, webhook);
    assertEquals([limited.status, limited.verdict, limited.code], [429, "rejected", "rate_limited"]);
  }));

Deno.test("POST /webhooks/:id/test is for those who may change the endpoint, in its own organization", () =>
  withTester(async (api, ada, create) => {
    const webhook = await create();
    const bob = await api.createUser();
    expectProblem(await bob.post(`/webhooks/${webhook.id}/test`), "not_found");
    const member = await api.createMember(ada.organizationId, "member");
    expectProblem(await member.post(`/webhooks/${webhook.id}/test`), "forbidden");
    // Bob may change what is his own; of Ada's he only reads.
    await api.db.sql`
      insert into public.organization_members (organization_id, user_id, role)
      values (${ada.organizationId}, ${bob.id}, 'member')`;
    const own = { "x-organization-id": bob.organizationId };
    assertEquals((await bob.get(`/webhooks/${webhook.id}`, own)).status, 200);
    expectProblem(await bob.post(`/webhooks/${webhook.id}/test`, undefined, own), "forbidden");
  }));

Deno.test("POST /webhooks/:id/test answers 503 when no receiver of ours is there", async () => {
  const check = async (_api: TestApi, ada: ApiUser, create: () => Promise<Webhook>) =>
    expectProblem(await ada.post(`/webhooks/${(await create()).id}/test`), "service_unavailable");
  await withTester(check, null);
  const answers = [
    Response.json({ code: "NOT_FOUND", message: "Requested function was not found" }, { status: 404 }),
    Response.json({ code: "internal" }, { status: 500 }),
    new Response("<h1>Welcome</h1>"),
    Response.redirect("http://127.0.0.1:1/"),
  ];
  for (const answer of answers) {
    await withTester(
      check,
      createRouter("hooks", [
        defineRawRoute({
          path: "/:slug/test",
          operationId: "strange",
          summary: "Not ours",
          tags: ["hooks"],
          responses: { 200: { description: "Anything" } },
        }, () => answer.clone()),
      ]),
    );
  }
});

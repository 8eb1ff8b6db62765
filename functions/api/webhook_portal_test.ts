/**
 * Portal tokens: what a customer of a tenant may do with the tenant's webhook subscriptions, and what not.
 *
 * @module
 */
import type { ApiCaller, ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertMatch } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { FUNCTIONS } from "./mounts.ts";

const URL = "https://customer.example.com/hooks";

interface PortalToken {
  id: string;
  organization_id: string;
  token: string | null;
}

interface Subscription {
  id: string;
  organization_id: string;
  application: string | null;
  created_by: string | null;
  flow_ids: string[] | null;
  resource_ids: string[] | null;
  secret: string | null;
}

interface Page {
  data: { id: string; application: string | null }[];
}

const routers = await Promise.all([FUNCTIONS.webhooks(), FUNCTIONS.keys(), FUNCTIONS.flows()]);

const withPortal = (fn: (api: TestApi, ada: ApiUser) => Promise<void>) =>
  withServedApi(routers, async (api) => {
    const ada = await api.createUser();
    await api.db.sql`update public.organizations set plan_id = 'enterprise' where id = ${ada.organizationId}`;
    await fn(api, ada);
  });

/** A token for one application, and somebody who has it. */
async function open(api: TestApi, owner: ApiCaller, settings: Record<string, unknown> = {}) {
  const body = { application: "one", event_types: ["run.failed", "run.completed"], ...settings };
  const reply = await owner.post<PortalToken>("/webhooks/portal-tokens", body);
  assertEquals(reply.status, 201, JSON.stringify(reply.body));
  assertMatch(reply.body.token ?? "", /^mr_portal_[0-9A-Za-z]{38}$/);
  return { ...reply.body, caller: api.caller({ authorization: `Bearer ${reply.body.token}` }) };
}

async function subscribe(caller: ApiCaller, settings: Record<string, unknown> = {}): Promise<Subscription> {
  const body = { url: URL, event_types: ["run.failed"], ...settings };
  const reply = await caller.post<Subscription>("/webhooks/subscriptions", body);
  assertEquals(reply.status, 201, JSON.stringify(reply.body));
  return reply.body;
}

const idsOf = async (caller: ApiCaller, path: string) => (await caller.get<Page>(path)).body.data.map(({ id }) => id);

Deno.test("a portal token sees, makes, changes and tries the subscriptions of its application, and no others", () =>
  withPortal(async (api, ada) => {
    const [theirs, plain] = [await subscribe(ada, { application: "two" }), await subscribe(ada)];
    const { caller: one } = await open(api, ada);
    const { caller: two } = await open(api, ada, { application: "two" });
    assertEquals(await idsOf(one, "/webhooks/subscriptions"), []);
    assertEquals(await idsOf(two, "/webhooks/subscriptions"), [theirs.id]);

    const mine = await subscribe(one, { headers: { "x-key": "value" } });
    assertEquals([mine.application, mine.created_by, mine.organization_id], ["one", null, ada.organizationId]);
    const path = `/webhooks/subscriptions/${mine.id}`;
    assertEquals((await one.patch(path, { description: "Ours", url: `${URL}/2` })).status, 200);
    assertEquals((await one.get(`${path}/stats`)).status, 200);
    assertMatch((await one.post<Subscription>(`${path}/rotate`)).body.secret ?? "", /^whsec_/);
    const { body: delivery } = await one.post<{ id: string }>(`${path}/test`, {});
    const { body: shown } = await one.get<{ request_body: string; history: unknown[] }>(
      `/webhooks/deliveries/${delivery.id}`,
    );
    assert(JSON.parse(shown.request_body).type === "run.completed");
    assertEquals(await idsOf(one, "/webhooks/deliveries"), [delivery.id]);
    assertEquals((await one.post(`/webhooks/deliveries/${delivery.id}/cancel`)).status, 200);
    assertEquals((await one.post(`/webhooks/deliveries/${delivery.id}/retry`)).status, 200);
    assertEquals((await one.get("/webhooks/event-types")).status, 200);

    await ada.post(`/webhooks/subscriptions/${theirs.id}/test`, {});
    const [foreign] = await idsOf(two, "/webhooks/deliveries");
    await api.db
      .sql`update public.webhook_deliveries set status = 'failed', finished_at = now(), next_attempt_at = null`;
    const bulk = await one.post<{ retried: number }>("/webhooks/deliveries/retry", { filter: {} });
    assertEquals(bulk.body.retried, 1);
    for (const id of [theirs.id, plain.id]) {
      for (const caller of id === theirs.id ? [one] : [one, two]) {
        const other = `/webhooks/subscriptions/${id}`;
        expectProblem(await caller.get(other), "not_found");
        expectProblem(await caller.get(`${other}/stats`), "not_found");
        expectProblem(await caller.patch(other, { description: "Theirs" }), "not_found");
        expectProblem(await caller.post(`${other}/rotate`), "not_found");
        expectProblem(await caller.post(`${other}/test`, {}), "not_found");
        expectProblem(await caller.delete(other), "not_found");
      }
    }
    expectProblem(await one.get(`/webhooks/deliveries/${foreign}`), "not_found");
    expectProblem(await one.post(`/webhooks/deliveries/${foreign}/retry`), "not_found");
    assertEquals((await one.delete(path)).status, 204);
  }));

Deno.test("what a portal makes stays within its events, flows and things", () =>
  withPortal(async (api, ada) => {
    const [flow, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const { caller } = await open(api, ada, { flow_ids: [flow], max_subscriptions: 2 });
    const mine = await subscribe(caller);
    assertEquals(mine.flow_ids, [flow]);
    const path = `/webhooks/subscriptions/${mine.id}`;
    for (
      const changes of [
        { event_types: ["*"] },
        { event_types: ["run.failed", "member.joined"] },
        { flow_ids: [other] },
        { flow_ids: [flow, other] },
        { application: "two" },
      ]
    ) {
      expectProblem(await caller.patch(path, changes), "forbidden");
      const body = { url: URL, event_types: ["run.failed"], ...changes };
      expectProblem(await caller.post("/webhooks/subscriptions", body), "forbidden");
    }
    expectProblem(await caller.patch(path, { flow_ids: null }), "forbidden");
    expectProblem(await caller.patch(path, { application: null }), "forbidden");
    // One that the tenant made wider is theirs to change: its address cannot be taken over.
    const wide = await subscribe(ada, { application: "one", event_types: ["*"] });
    expectProblem(await caller.patch(`/webhooks/subscriptions/${wide.id}`, { url: `${URL}/mine` }), "forbidden");
    expectProblem(await caller.post("/webhooks/subscriptions", { url: URL, event_types: ["run.failed"] }), "conflict");

    const things = await open(api, ada, { application: "three", resource_ids: ["a", "b"] });
    assertEquals((await subscribe(things.caller, { resource_ids: ["b"] })).resource_ids, ["b"]);
    expectProblem(
      await things.caller.post("/webhooks/subscriptions", {
        url: URL,
        event_types: ["run.failed"],
        resource_ids: ["c"],
      }),
      "forbidden",
    );
  }));

Deno.test("a portal token opens nothing else, and makes no other", () =>
  withPortal(async (api, ada) => {
    const { caller, organization_id } = await open(api, ada);
    for (const path of ["/flows", "/webhooks", "/keys", "/webhooks/providers"]) {
      expectProblem(await caller.get(path), "forbidden");
    }
    const body = { application: "one", event_types: ["run.failed"] };
    expectProblem(await caller.post("/webhooks/portal-tokens", body), "forbidden");
    expectProblem(
      await caller.send("GET", "/webhooks/subscriptions", undefined, {
        "x-organization-id": crypto.randomUUID(),
      }),
      "not_found",
    );
    for (const event_types of [["*"], [], ["no.event"]]) {
      expectProblem(await ada.post("/webhooks/portal-tokens", { ...body, event_types }), "invalid_request");
    }
    const read = await open(api, ada, { access: "read" });
    const mine = await subscribe(ada, { application: "one" });
    assertEquals(await idsOf(read.caller, "/webhooks/subscriptions"), [mine.id]);
    expectProblem(await read.caller.delete(`/webhooks/subscriptions/${mine.id}`), "forbidden");

    // Past our functions, with what they sign for it: the tables show no more, and no function does more.
    const claims = {
      sub: read.id,
      role: "authenticated",
      millrace: { key: read.id, portal: read.id, org: organization_id, scopes: [], mode: "portal" },
    };
    await subscribe(ada, { application: "two" });
    await ada.post(`/webhooks/subscriptions/${mine.id}/test`, {});
    await api.db.as("authenticated", claims, async (sql) => {
      const counts = await sql`
        select (select count(*)::int from public.webhook_subscriptions) as subscriptions,
          (select count(*)::int from public.webhook_deliveries) as deliveries,
          (select count(*)::int from public.webhook_messages) as messages,
          (select count(*)::int from public.organizations) as organizations,
          (select count(*)::int from public.flows) as flows, (select count(*)::int from public.profiles) as profiles`;
      assertEquals({ ...counts[0] }, {
        subscriptions: 1,
        deliveries: 1,
        messages: 1,
        organizations: 0,
        flows: 0,
        profiles: 0,
      });
    });
  }));

Deno.test("a portal token ends with its time, its revocation, the key that made it, and its organization's suspension", () =>
  withPortal(async (api, ada) => {
    const list = (caller: ApiCaller) => caller.get("/webhooks/subscriptions");
    const revoked = await open(api, ada);
    assertEquals((await ada.delete(`/webhooks/portal-tokens/${revoked.id}`)).status, 204);
    expectProblem(await list(revoked.caller), "unauthorized");
    assertEquals((await ada.delete(`/webhooks/portal-tokens/${revoked.id}`)).status, 204);

    const over = await open(api, ada, { expires_in_seconds: 60 });
    assertEquals((await list(over.caller)).status, 200);
    await api.db.sql`update private.webhook_portals set expires_at = now() where id = ${over.id}`;
    expectProblem(await list(over.caller), "unauthorized");

    const { body: key } = await ada.post<{ id: string; key: string }>("/keys", {
      name: "Server",
      scopes: ["webhooks:write"],
    });
    const byKey = await open(api, api.caller({ authorization: `Bearer ${key.key}` }));
    assertEquals((await list(byKey.caller)).status, 200);
    assertEquals((await ada.delete(`/keys/${key.id}`)).status, 204);
    expectProblem(await list(byKey.caller), "unauthorized");

    const { caller, token } = await open(api, ada);
    await api.db.sql`update public.organizations set suspended_at = now() where id = ${ada.organizationId}`;
    expectProblem(await list(caller), "forbidden");
    expectProblem(await list(api.caller({ "x-api-key": `${token?.slice(0, -1)}!` })), "unauthorized");
  }));

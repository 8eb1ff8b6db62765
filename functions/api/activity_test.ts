/**
 * The activity over HTTP: filters, pages, sentences and links, and who sees what.
 *
 * @module
 */
import { type ApiCaller, type ApiUser, withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { FUNCTIONS } from "./mounts.ts";

const routers = await Promise.all([
  FUNCTIONS.audit(),
  FUNCTIONS.flows(),
  FUNCTIONS.orgs(),
  FUNCTIONS.keys(),
  FUNCTIONS.schedules(),
]);

interface Row {
  id: string;
  action: string;
  target_type: string;
  target_id: string | null;
  target_name: string | null;
  user_id: string | null;
  user_name: string | null;
  key_name: string | null;
  changed: string[];
  summary: string;
  link: string | null;
}

interface Page {
  data: Row[];
  next_cursor: string | null;
}

const GRAPH = { nodes: [{ id: "start", type: "trigger.manual" }], edges: [] };

async function createFlow(user: ApiCaller, name: string): Promise<string> {
  const { status, body } = await user.post<{ id: string }>("/flows", { name, graph: GRAPH });
  assertEquals(status, 201, JSON.stringify(body));
  return body.id;
}

async function change(user: ApiCaller, path: string, body: unknown): Promise<void> {
  const { status, body: answer } = await user.patch(path, body);
  assertEquals(status, 200, JSON.stringify(answer));
}

async function list(user: ApiCaller, query = ""): Promise<Row[]> {
  const { status, body } = await user.get<Page>(`/audit/activity${query}`);
  assertEquals(status, 200, JSON.stringify(body));
  return body.data;
}

const actions = async (user: ApiCaller, query: string) => (await list(user, query)).map(({ action }) => action);

async function makeKey(ada: ApiUser, name: string, scopes: string[]): Promise<{ id: string; key: string }> {
  const { status, body } = await ada.post<{ id: string; key: string }>("/keys", { name, scopes });
  assertEquals(status, 201, JSON.stringify(body));
  return body;
}

Deno.test("GET /activity tells in sentences who did what, and where to look at it", () =>
  withApi(routers, async (api) => {
    const ada = await api.createUser();
    const bob = await api.createMember(ada.organizationId, "developer");
    await api.db.sql`update public.profiles set display_name = 'Ada' where id = ${ada.id}`;
    await api.db.sql`update public.profiles set display_name = 'Bob' where id = ${bob.id}`;
    const id = await createFlow(ada, "Orders");
    await change(ada, `/flows/${id}`, { name: "Sales" });
    await change(bob, `/flows/${id}`, { is_active: false });
    await change(bob, `/flows/${id}`, { description: "What was sold" });
    await change(bob, `/flows/${id}`, { graph: { ...GRAPH, nodes: [{ ...GRAPH.nodes[0], name: "Begin" }] } });
    await change(ada, `/orgs/${ada.organizationId}/members/${bob.id}`, { role: "admin" });
    const key = await makeKey(ada, "Importer", ["flows:read", "flows:write"]);
    const caller = api.caller({ authorization: `Bearer ${key.key}` });
    const other = await createFlow(caller, "Imports");
    assertEquals((await ada.delete(`/flows/${other}`)).status, 204);
    const invited = await ada.post(`/orgs/${ada.organizationId}/invitations`, {
      email: "c@example.com",
      role: "viewer",
    });
    assertEquals(invited.status, 201, JSON.stringify(invited.body));
    const rows = await list(ada, "?sort=occurred_at&from=2020-01-01T00:00:00Z");
    const told = rows.map(({ summary, link }) => [summary, link]);
    const members = `/orgs/${ada.organizationId}/members`;
    const from = told.findIndex(([summary]) => summary === "Ada created the flow “Orders”");
    assertEquals(told.slice(from), [
      ["Ada created the flow “Orders”", `/flows/${id}`],
      ["Ada renamed the flow “Orders” to “Sales”", `/flows/${id}`],
      ["Bob switched the flow “Sales” off", `/flows/${id}`],
      ["Bob changed the flow “Sales”", `/flows/${id}`],
      ["Bob saved a version of the flow “Sales”", `/flows/${id}`],
      ["Ada made Bob an admin", members],
      ["Ada created the API key “Importer”", `/keys/${key.id}`],
      ["The API key “Importer” created the flow “Imports”", null],
      ["Ada deleted the flow “Imports”", null],
      ["Ada invited somebody as a viewer", `/orgs/${ada.organizationId}/invitations`],
    ]);
    assertEquals(rows.find(({ summary }) => summary.startsWith("Bob changed"))?.changed, ["description"]);
    for (const link of new Set(told.map(([, link]) => link))) {
      if (typeof link === "string") assertEquals((await ada.get(link)).status, 200, link);
    }
    assert(!JSON.stringify(rows).includes("c@example.com") && !JSON.stringify(rows).includes("What was sold"));
  }));

Deno.test("GET /activity is filtered by person, key, kind, thing, action, time and text, in pages, both ways", () =>
  withApi(routers, async (api) => {
    const ada = await api.createUser();
    const bob = await api.createMember(ada.organizationId, "developer");
    await api.db.sql`update public.profiles set display_name = 'Bobby Tables' where id = ${bob.id}`;
    const orders = await createFlow(ada, "Orders");
    const bills = await createFlow(bob, "100% of bills");
    await change(ada, `/flows/${bills}`, { is_active: false });
    const made = await makeKey(ada, "Importer", ["flows:write"]);
    await createFlow(api.caller({ authorization: `Bearer ${made.key}` }), "Imports");
    const other = await api.createUser();
    await createFlow(other, "Orders of others");

    assertEquals(await actions(ada, `?user_id=${bob.id}`), ["flow.created"]);
    assertEquals(await actions(ada, `?key_id=${made.id}`), ["flow.created"]);
    assertEquals((await list(ada, "?actor=key")).map(({ target_name }) => target_name), ["Imports"]);
    assertEquals(
      new Set((await list(ada, "?target_type=flow,key")).map((row) => row.target_type)),
      new Set(["flow", "key"]),
    );
    assertEquals(await actions(ada, `?target_id=${bills}`), ["flow.updated", "flow.created"]);
    assertEquals(await actions(ada, "?action=flow.updated,key.*"), ["key.created", "flow.updated"]);
    assertEquals((await actions(ada, `?target_id=${orders}&sort=occurred_at`))[0], "flow.created");
    assertEquals(await actions(ada, "?to=2020-01-01T00:00:00Z"), []);
    assertEquals((await actions(ada, "?target_type=flow&from=2020-01-01T00:00:00Z")).length, 4);
    // The name of the thing, then or now, of the person, and no character is special.
    assertEquals(await actions(ada, "?q=ORDERS"), ["flow.created"]);
    assertEquals(await actions(ada, "?q=100%25"), ["flow.updated", "flow.created"]);
    assertEquals(await actions(ada, "?q=bobby&target_type=flow"), ["flow.created"]);
    assertEquals(await actions(ada, "?q=importer&target_type=key"), ["key.created"]);
    assertEquals(await actions(ada, "?q='%20or%20true--"), []);

    const all = await list(ada);
    const first = (await ada.get<Page>("/audit/activity?limit=3")).body;
    const rest = (await ada.get<Page>(`/audit/activity?limit=100&cursor=${first.next_cursor}`)).body;
    assertEquals([...first.data, ...rest.data].map(({ id }) => id), all.map(({ id }) => id));
    assertEquals((await list(ada, "?sort=occurred_at")).map(({ id }) => id), all.map(({ id }) => id).toReversed());
    assertEquals(Object.keys((await list(ada, "?fields=summary,link&limit=1"))[0]!).toSorted(), [
      "id",
      "link",
      "summary",
    ]);
    expectProblem(await ada.get(`/audit/activity?cursor=${first.next_cursor}&actor=key`), "invalid_cursor");
    for (
      const wrong of ["user_id=me", "actor=service", "target_type=plan", "action=flow", "from=soon", "q=", "ip=1.2.3.4"]
    ) {
      expectProblem(await ada.get(`/audit/activity?${wrong}`), "invalid_request");
    }
  }));

Deno.test("members see the history of what they may read, guests and narrow keys the least", () =>
  withApi(routers, async (api) => {
    const ada = await api.createUser();
    await createFlow(ada, "Orders");
    const made = await makeKey(ada, "Importer", ["org:read", "runs:read"]);
    await api.db.sql`
      insert into public.audit_events (organization_id, actor, user_id, auth, via, action, target_type, target_id, ip, before, after)
      select ${ada.organizationId}, 'user', ${ada.id}, 'jwt', 'function', k || '.updated', k, gen_random_uuid()::text,
        '203.0.113.7', '{"body": "canary"}', '{"body": "canary"}'
      from unnest('{organization,member,invitation,flow,workspace,schedule,run,bulk_operation,dead_letter,entity,webhook_endpoint,
        webhook_subscription,key,secret,budget,audit,plan,security}'::text[]) k`;
    const organization = ["organization"];
    const flows = ["flow", "schedule", "workspace"];
    const runs = ["bulk_operation", "dead_letter", "entity", "run"];
    const people = ["invitation", "member"];
    const webhooks = ["webhook_endpoint", "webhook_subscription"];
    const seen: Record<string, string[]> = {
      guest: [...flows, ...organization],
      viewer: [...flows, ...organization, ...people, ...runs],
      member: [...flows, ...organization, ...people, ...runs, ...webhooks],
      developer: [...flows, ...organization, ...people, ...runs, ...webhooks, "key", "secret"],
      admin: [...flows, ...organization, ...people, ...runs, ...webhooks, "key", "secret", "budget"],
    };
    const kinds = async (caller: ApiCaller, query = "?limit=100") => {
      const rows = await list(caller, query);
      assert(!JSON.stringify(rows).includes("canary") && !JSON.stringify(rows).includes("203.0.113.7"));
      return [...new Set(rows.map(({ target_type }) => target_type))].toSorted();
    };
    for (const [role, expected] of Object.entries(seen)) {
      const member = await api.createMember(ada.organizationId, role);
      assertEquals(await kinds(member), expected.toSorted(), role);
      assertEquals(
        await kinds(member, "?target_type=key,secret"),
        expected.filter((kind) => /^(key|secret)$/.test(kind)),
        role,
      );
      const names = (await list(member)).map(({ user_name }) => user_name);
      assertEquals(names.every((name) => name === null), role === "guest", role);
      // Not by the text of a value, nor the name of somebody whom a guest does not see.
      assertEquals(await list(member, "?q=canary"), []);
      if (role === "guest") assertEquals(await list(member, `?q=${encodeURIComponent(ada.email)}`), []);
    }
    const key = api.caller({ authorization: `Bearer ${made.key}` });
    assertEquals(await kinds(key), [...organization, ...runs].toSorted());
    // By the Data API, with filters of one's own: by what is not shown nothing is filtered.
    const guest = await api.createMember(ada.organizationId, "guest");
    const counts = await api.db.as(
      "authenticated",
      { sub: guest.id, role: "authenticated" },
      (sql) =>
        sql`
        select jsonb_array_length(public.list_activity(${ada.organizationId}, '{"ip": "203.0.113.8", "via": "sql"}')) as count`,
    );
    assertEquals(counts[0]?.["count"], (await list(guest, "?limit=50")).length);
    const stranger = await api.createUser();
    assert((await list(stranger)).every(({ user_id }) => user_id === stranger.id));
  }));

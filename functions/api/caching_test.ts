/**
 * Replies that isolates keep, over HTTP: two isolates with memories of their own, each on a port, on one database.
 */
import { createApp, type Router } from "../../shared/http/mod.ts";
import { type ApiUser, type TestApi, withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertNotEquals } from "../../tests/helpers/assert.ts";
import { until } from "../../tests/helpers/until.ts";
import { FUNCTIONS } from "./mounts.ts";

const [flows, keys, nodes, orgs] = await Promise.all([
  FUNCTIONS.flows(),
  FUNCTIONS.keys(),
  FUNCTIONS.nodes(),
  FUNCTIONS.orgs(),
]);

interface Answer {
  status: number;
  /** Of `Cache-Status`: `hit`, `miss` and so on; empty without one. */
  cached: string;
  headers: Headers;
  body: Body;
}

/** What these tests look at: of a list its rows, of one thing its fields. */
interface Body {
  data: { name: string; role: string; display_name: string }[];
  name: string;
  version: number;
}

interface Isolate {
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Calls to the database since the last time, without the path's beginning. */
  calls(): string[];
  /** Makes each call to the database wait that is no gate. */
  hold(until: Promise<void> | null): void;
}

const OUTCOMES: Readonly<Record<string, string>> = {
  "millrace; hit": "hit",
  "millrace; hit; detail=stale": "stale",
  "millrace; hit; detail=generation": "matched",
  "millrace; fwd=miss; collapsed": "joined",
  "millrace; fwd=miss": "miss",
};

function startIsolate(api: TestApi, release: string | null) {
  let calls: string[] = [];
  let held: Promise<void> | null = null;
  const project: typeof fetch = async (input, init) => {
    const path = new URL(input instanceof Request ? input.url : input).pathname.replace("/rest/v1/", "");
    calls.push(path);
    if (held !== null && !path.startsWith("rpc/gate")) await held;
    return await api.fetch(input, init);
  };
  const env = { ...api.env, release };
  const apps = new Map([flows, orgs, nodes, keys].map((router: Router) => [
    router.name,
    createApp(router.name, router, { env, fetch: project, checkResponses: true, write: () => {} }),
  ]));
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const name = new URL(request.url).pathname.split("/")[1] ?? "";
    return await apps.get(name)?.fetch(request) ?? new Response(null, { status: 404 });
  });
  const isolate: Isolate = {
    async get(path, headers = {}) {
      const response = await fetch(`http://127.0.0.1:${server.addr.port}${path}`, { headers });
      const text = await response.text();
      return {
        status: response.status,
        cached: OUTCOMES[response.headers.get("cache-status") ?? ""] ?? "",
        headers: response.headers,
        body: text === "" ? null : JSON.parse(text),
      };
    },
    calls() {
      const made = calls;
      calls = [];
      return made;
    },
    hold: (until) => held = until,
  };
  return { isolate, stop: () => server.shutdown() };
}

/** Two isolates; of one release unless that is not known. */
function withIsolates(
  fn: (api: TestApi, a: Isolate, b: Isolate) => Promise<void>,
  release: string | null = "project_function_1",
): Promise<void> {
  return withApi([flows, orgs, keys], async (api) => {
    const [a, b] = [startIsolate(api, release), startIsolate(api, release)];
    try {
      await fn(api, a.isolate, b.isolate);
    } finally {
      await Promise.all([a.stop(), b.stop()]);
    }
  });
}

function as(user: ApiUser, more: Record<string, string> = {}): Record<string, string> {
  return { authorization: `Bearer ${user.token}`, ...more };
}

const GRAPH = {
  nodes: [
    { id: "start", type: "trigger.manual", position: { x: 0, y: 0 } },
    { id: "end", type: "logic.stop", position: { x: 200, y: 0 } },
  ],
  edges: [{ id: "e", source: "start", target: "end" }],
};

async function createFlow(user: ApiUser, name: string): Promise<string> {
  const { status, body } = await user.post<{ id: string }>("/flows", { name, graph: GRAPH });
  assertEquals(status, 201);
  return body.id;
}

/** Nobody in these tests is to be stopped by a burst. */
async function createRichUser(api: TestApi): Promise<ApiUser> {
  const user = await api.createUser();
  await api.db.sql`update public.organizations set plan_id = 'enterprise' where id = ${user.organizationId}`;
  return user;
}

Deno.test("a kept reply costs the gate and nothing else, and any write is seen at once by every isolate", () =>
  withIsolates(async (api, a, b) => {
    const ada = await createRichUser(api);
    const id = await createFlow(ada, "One");
    const both = async () => {
      const [first, second] = [await a.get("/flows", as(ada)), await b.get("/flows", as(ada))];
      assertEquals(first.body, second.body);
      const { data: [flow] } = first.body;
      return [first.cached, second.cached, flow?.name];
    };
    assertEquals(await both(), ["miss", "miss", "One"]);
    assertEquals(await both(), ["hit", "hit", "One"]);
    a.calls();
    await a.get("/flows", as(ada));
    assertEquals(a.calls(), ["rpc/gate"]);

    // By a function, by the Data API as supabase-js calls it, by SQL: each as a write of its own, read 1 ms later.
    await ada.patch(`/flows/${id}`, { name: "By function" });
    assertEquals(await both(), ["miss", "miss", "By function"]);
    const rpc = await api.fetch("http://project.test/rest/v1/rpc/save_flow", {
      method: "POST",
      headers: { ...as(ada), apikey: api.env.publishableKeys.default ?? "", "content-type": "application/json" },
      body: JSON.stringify({ p_flow_id: id, p_name: "By the Data API" }),
    });
    assert(rpc.ok);
    await rpc.body?.cancel();
    assertEquals(await both(), ["miss", "miss", "By the Data API"]);
    await api.db.sql`update public.flows set name = 'By SQL' where id = ${id}`;
    assertEquals(await both(), ["miss", "miss", "By SQL"]);
    await api.db.sql.begin(async (sql) => {
      await sql`update public.flows set name = 'Never' where id = ${id}`;
      throw new Error("Rolled back");
    }).catch(() => {});
    assertEquals(await both(), ["hit", "hit", "By SQL"]);
    // Another tenant's writes are nobody else's business.
    await createFlow(await createRichUser(api), "Elsewhere");
    assertEquals(await both(), ["hit", "hit", "By SQL"]);
    await ada.delete(`/flows/${id}`);
    assertEquals(await both(), ["miss", "miss", undefined]);
  }));

Deno.test("50 writes in one isolate, each read in the other: never what was before", () =>
  withIsolates(async (api, _a, b) => {
    const ada = await createRichUser(api);
    const id = await createFlow(ada, "n");
    for (let n = 0; n < 50; n++) {
      await api.db.sql`update public.flows set name = ${`n${n}`} where id = ${id}`;
      const [list, one] = await Promise.all([b.get("/flows", as(ada)), b.get(`/flows/${id}`, as(ada))]);
      assertEquals([list.body.data[0]?.name, one.body.name], [`n${n}`, `n${n}`]);
    }
  }));

Deno.test("nobody gets what was made for another, and who may less than before gets less", () =>
  withIsolates(async (api, a) => {
    const [ada, eve] = [await createRichUser(api), await createRichUser(api)];
    const id = await createFlow(ada, "Secret plans");
    const member = await api.createMember(ada.organizationId, "developer");
    for (let turn = 0; turn < 2; turn++) {
      assertEquals((await a.get("/flows", as(ada))).body.data.length, 1);
      assertEquals((await a.get("/flows", as(eve))).body.data, []);
      assertEquals((await a.get("/flows", as(eve, { "x-organization-id": ada.organizationId }))).status, 404);
      assertEquals((await a.get(`/flows/${id}`, as(ada))).status, 200);
      assertEquals((await a.get(`/flows/${id}`, as(eve))).status, 404);
      assertEquals((await a.get("/flows", as(member))).body.data.length, 1);
    }
    const members = `/orgs/${ada.organizationId}/members`;
    assertEquals((await a.get(members, as(member))).body.data.length, 2);
    assertEquals((await a.get(members, as(member))).cached, "hit");
    // Straight into the table, past every function.
    const setRole = (role: string) =>
      api.db.sql`update public.organization_members set role = ${role} where user_id = ${member.id}`;
    await setRole("guest");
    assertEquals((await a.get(members, as(member))).status, 403);
    assertEquals((await a.get(members, as(ada))).body.data.map(({ role }) => role).toSorted(), [
      "guest",
      "owner",
    ]);
    // What the role may do is as good as the role: for everybody in it, in every organization.
    await api.db.sql`delete from private.role_permissions where role = 'guest' and permission = 'flows:read'`;
    assertEquals((await a.get("/flows", as(member))).status, 403);
    await setRole("viewer");
    assertEquals((await a.get("/flows", as(member))).status, 200);
    await api.db.sql`delete from public.organization_members where user_id = ${member.id}`;
    const theirs = as(member, { "x-organization-id": ada.organizationId });
    assertEquals((await a.get("/flows", theirs)).status, 404);
    assertEquals((await a.get(members, as(member))).status, 404);
    await api.db.sql`update public.organizations set suspended_at = now() where id = ${ada.organizationId}`;
    assertEquals((await a.get("/flows", as(ada))).status, 403);
    assertEquals((await a.get(`/flows/${id}`, as(ada))).status, 403);
  }));

Deno.test("a flow of another organization of the caller's is never kept: the gate was not asked for its generation", () =>
  withIsolates(async (api, a) => {
    const [ada, eve] = [await createRichUser(api), await createRichUser(api)];
    await api.db.sql`
      insert into public.organization_members (organization_id, user_id, role)
      values (${eve.organizationId}, ${ada.id}, 'viewer')`;
    const id = await createFlow(eve, "Of Eve");
    const mine = as(ada, { "x-organization-id": ada.organizationId });
    assertEquals((await a.get(`/flows/${id}`, mine)).body.name, "Of Eve");
    await api.db.sql`update public.flows set name = 'Renamed' where id = ${id}`;
    const again = await a.get(`/flows/${id}`, mine);
    assertEquals([again.cached, again.body.name], ["miss", "Renamed"]);
    const hers = as(ada, { "x-organization-id": eve.organizationId });
    await a.get(`/flows/${id}`, hers);
    assertEquals((await a.get(`/flows/${id}`, hers)).cached, "hit");
  }));

Deno.test("an API key gets replies of its own, as far as its scopes go, and none once it is revoked", () =>
  withIsolates(async (api, a) => {
    const ada = await createRichUser(api);
    await createFlow(ada, "One");
    const make = async (scopes: string[]) => {
      const made = await ada.post<{ id: string; secret: string; key: string }>("/keys", { name: "k", scopes });
      assertEquals(made.status, 201, JSON.stringify(made.body));
      return { id: made.body.id, headers: { "x-api-key": made.body.key ?? made.body.secret } };
    };
    const [key, other] = [await make(["flows:read"]), await make(["runs:read"])];
    assertEquals((await a.get("/flows", as(ada))).cached, "miss");
    assertEquals((await a.get("/flows", key.headers)).cached, "miss");
    assertEquals((await a.get("/flows", key.headers)).cached, "hit");
    assertEquals((await a.get("/flows", other.headers)).status, 403);
    await ada.delete(`/keys/${key.id}`);
    const refused = await a.get("/flows", key.headers);
    assertEquals([refused.status, refused.cached], [401, ""]);
  }));

Deno.test("100 requests at once for what is not kept: one query", () =>
  withIsolates(async (api, a) => {
    const ada = await createRichUser(api);
    await createFlow(ada, "One");
    const release = Promise.withResolvers<void>();
    a.hold(release.promise);
    const all = Promise.all(Array.from({ length: 100 }, () => a.get("/flows", as(ada))));
    const made: string[] = [];
    const gates = () => made.filter((path) => path === "rpc/gate").length;
    await until(() => {
      made.push(...a.calls());
      return gates() === 100;
    });
    release.resolve();
    const answers = await all;
    made.push(...a.calls());
    assertEquals([gates(), made.length], [100, 101]);
    assertEquals(new Set(answers.map(({ body }) => JSON.stringify(body))).size, 1);
    assertEquals(answers.filter(({ cached }) => cached === "miss").length, 1);
    assert(answers.every(({ status }) => status === 200));
  }));

Deno.test("304 by the generation alone, by an isolate that has never seen the reply; 200 as soon as it has changed", () =>
  withIsolates(async (api, a, b) => {
    const ada = await createRichUser(api);
    const id = await createFlow(ada, "One");
    const tag = (await a.get("/flows", as(ada))).headers.get("etag") ?? "";
    const known = await b.get("/flows", as(ada, { "if-none-match": `W/${tag}` }));
    assertEquals([known.status, known.cached, known.body, known.headers.get("etag")], [304, "matched", null, tag]);
    assertEquals(known.headers.get("cache-control"), "private, max-age=0, must-revalidate");
    assertEquals(b.calls(), ["rpc/gate"]);
    // Another caller's tag names another reply, though it be the same bytes.
    const member = await api.createMember(ada.organizationId, "developer");
    assertEquals((await b.get("/flows", as(member, { "if-none-match": tag }))).status, 304);
    assertEquals(b.calls().length, 2);
    // Something of the kind has changed, but not what this reply says: the query is made, and still nothing is sent.
    await api.db.sql`update public.flow_versions set edge_lengths = '{"e":1}' where flow_id = ${id}`;
    const same = await b.get("/flows", as(ada, { "if-none-match": tag }));
    assertEquals([same.status, same.cached], [304, "miss"]);
    assertNotEquals(same.headers.get("etag"), tag);
    await api.db.sql`update public.flows set name = 'Two' where id = ${id}`;
    const changed = await b.get("/flows", as(ada, { "if-none-match": tag }));
    assertEquals([changed.status, changed.body.data[0]?.name], [200, "Two"]);
    // The ETag of one flow is its row's version, as If-Match takes it; kept, it needs no query either.
    const one = await a.get(`/flows/${id}`, as(ada));
    // Deno makes the tag of a reply that it packs a weak one.
    assertEquals(one.headers.get("etag")?.replace(/^W\//, ""), `"v${one.body.version}"`);
    a.calls();
    const again = await a.get(`/flows/${id}`, as(ada, { "if-none-match": one.headers.get("etag") ?? "" }));
    assertEquals([again.status, again.cached, a.calls()], [304, "hit", ["rpc/gate"]]);
  }));

Deno.test("isolates whose release is not known take no other's tag for theirs", () =>
  withIsolates(async (api, a, b) => {
    const ada = await createRichUser(api);
    const tag = (await a.get("/flows", as(ada))).headers.get("etag") ?? "";
    const asked = await b.get("/flows", as(ada, { "if-none-match": tag }));
    assertEquals([asked.status, asked.cached], [304, "miss"]);
  }, null));

Deno.test("queries, versions and organizations are told apart; errors are not kept", () =>
  withIsolates(async (api, a) => {
    const ada = await createRichUser(api);
    await createFlow(ada, "One");
    await createFlow(ada, "Two");
    const get = async (path: string, headers = {}) => (await a.get(path, as(ada, headers)));
    for (let turn = 0; turn < 2; turn++) {
      assertEquals((await get("/flows?sort=name")).body.data.map(({ name }) => name), ["One", "Two"]);
      assertEquals((await get("/flows?sort=-name")).body.data.map(({ name }) => name), ["Two", "One"]);
      assertEquals(Object.keys((await get("/flows?fields=name")).body.data[0] ?? {}).toSorted(), ["id", "name"]);
      assertEquals((await get("/flows?limit=0")).status, 400);
      assertEquals((await get(`/flows/${crypto.randomUUID()}`)).status, 404);
    }
    const old = await get("/flows", { "millrace-version": "2026-11-01" });
    assertEquals([old.cached, old.headers.get("millrace-version")], ["miss", "2026-11-01"]);
    assertEquals((await get("/flows", { "millrace-version": "2026-11-01" })).cached, "hit");
    assertEquals((await get("/flows")).cached, "miss");
    // What is asked for with the database away is not answered from memory: nobody can say who may.
    assertEquals((await api.withoutDatabase(() => get("/flows"))).status, 503);
  }));

Deno.test("what is made of code may be kept by everybody in between, and needs no generation", () =>
  withIsolates(async (api, a, b) => {
    const ada = await createRichUser(api);
    const first = await a.get("/nodes?limit=100", as(ada));
    assertEquals([first.status, first.cached], [200, "miss"]);
    assertEquals(first.headers.get("cache-control"), "public, max-age=300, stale-while-revalidate=3600");
    assert(first.headers.get("vary")?.includes("Authorization"));
    assertEquals((await a.get("/nodes?limit=100", as(ada))).cached, "hit");
    const known = await b.get("/nodes?limit=100", as(ada, { "if-none-match": first.headers.get("etag") ?? "" }));
    assertEquals([known.status, known.cached], [304, "matched"]);
    assertEquals((await a.get("/nodes?limit=100")).status, 401);
  }));

Deno.test("an organization, its members and workspaces are seen as they are", () =>
  withIsolates(async (api, a, b) => {
    const ada = await createRichUser(api);
    const path = `/orgs/${ada.organizationId}`;
    const read = async (isolate: Isolate) => [
      (await isolate.get(path, as(ada))).body.name,
      (await isolate.get(`${path}/workspaces`, as(ada))).body.data.length,
      (await isolate.get(`${path}/members`, as(ada))).body.data[0]?.display_name,
    ];
    const before = await read(a);
    assertEquals(await read(b), before);
    await ada.patch(path, { name: "Acme" });
    await ada.post(`${path}/workspaces`, { name: "Shop" });
    await api.db.sql`update public.profiles set display_name = 'Ada L.' where id = ${ada.id}`;
    for (const isolate of [a, b, a]) assertEquals(await read(isolate), ["Acme", 2, "Ada L."]);
    a.calls();
    await read(a);
    assertEquals(a.calls(), ["rpc/gate", "rpc/gate", "rpc/gate"]);
  }));

import { z } from "zod";
import { assert, assertEquals, assertObjectMatch } from "../../tests/helpers/assert.ts";
import {
  asSecret,
  asUser,
  fakeDataApi,
  openGate,
  sqlError,
  TEST_KEYS,
  TEST_ORGANIZATION_ID,
  TEST_USER_ID,
  testOptions,
  userHeaders,
} from "../../tests/helpers/http.ts";
import { rpc } from "../db/mod.ts";
import {
  type Access,
  createApp,
  createRouter,
  defineList,
  defineRoute,
  idParams,
  reply,
  type RouteContext,
  where,
} from "./mod.ts";

const ID = "0193a000-0000-7000-8000-0000000000ff";
const factsSchema = z.looseObject({});

/** What a handler sees of its caller. */
function facts(c: RouteContext) {
  const { db: _db, env: _env, log: _log, signal: _signal, admin: _admin, ...rest } = c.var.request;
  return { ...rest };
}

function whoAmI(path: string, access: Access) {
  return defineRoute({
    method: "get",
    path,
    operationId: path.slice(1),
    summary: "s",
    tags: ["t"],
    access,
    responses: { 200: { description: "Facts", schema: factsSchema } },
  }, facts);
}

const ITEMS = defineList({
  name: "items",
  item: z.object({ id: z.string(), created_at: z.string() }),
  sort: { created_at: "created_at", name: "name" },
  defaultSort: "-created_at",
  filters: { active: where.flag() },
});

const items = defineRoute({
  method: "get",
  path: "/items",
  operationId: "listItems",
  summary: "s",
  tags: ["t"],
  access: { user: "flows:read" },
  list: ITEMS,
  responses: { 200: { description: "Items", schema: ITEMS.page() } },
}, async (c, { query }) => {
  const rows = c.var.request.db.from("flows").select("id, created_at").returns<{ id: string; created_at: string }[]>();
  return await ITEMS.find(rows, c.var.request, query);
});

const save = defineRoute({
  method: "post",
  path: "/items/:id",
  operationId: "saveItem",
  summary: "s",
  tags: ["t"],
  access: { user: "flows:write" },
  rateLimit: "run",
  request: {
    params: idParams,
    query: z.object({ wait: z.coerce.number().int().max(10).default(0) }),
    headers: z.object({ "x-mode": z.enum(["a", "b"]).optional() }),
    body: z.object({ name: z.string().min(1), size: z.number().int().optional() }),
  },
  responses: {
    201: { description: "Saved", schema: z.object({ id: z.string(), name: z.string() }) },
    202: { description: "Later", schema: z.object({ later: z.boolean() }) },
  },
}, async (c, { params, query, body }) => {
  if (query.wait > 0) return reply(202, { later: true }, { Location: `/items/${params.id}` });
  return await rpc<{ id: string; name: string }>(c.var.request.db, "save_item", { p_id: params.id, p_name: body.name });
});

const optional = defineRoute({
  method: "post",
  path: "/optional",
  operationId: "optional",
  summary: "s",
  tags: ["t"],
  access: { public: true },
  request: { body: z.object({ a: z.number() }), bodyRequired: false, uniqueKeys: true, bodyLimitBytes: 100 },
  responses: { 200: { description: "Body", schema: z.object({ got: z.number().nullable() }) } },
}, (_c, { body }) => ({ got: body?.a ?? null }));

const admin = (name: string, reason: { admin?: string }) =>
  defineRoute({
    method: "post",
    path: `/${name}`,
    operationId: name,
    summary: "s",
    tags: ["t"],
    access: { public: true },
    ...reason,
    responses: { 200: { description: "Done", schema: z.unknown() } },
  }, (c) => rpc(c.var.request.admin(), "tick", {}, { schema: "engine" }));

const router = createRouter("t", [
  whoAmI("/reader", { user: "flows:read" }),
  whoAmI("/member", { user: "any" }),
  whoAmI("/operator", { secret: true }),
  whoAmI("/cron", { secret: ["cron"] }),
  whoAmI("/both", { user: "flows:read", secret: true }),
  whoAmI("/open", { public: true }),
  items,
  save,
  optional,
  admin("declared", { admin: "A test" }),
  admin("undeclared", {}),
]);

function setup() {
  const fake = fakeDataApi();
  const app = createApp("t", router, testOptions(fake));
  return { fake, request: (path: string, init?: RequestInit) => app.request(`/t${path}`, init) };
}

async function code(response: Response | Promise<Response>): Promise<string> {
  const { status, code } = await (await response).json() as { status: number; code: string };
  assertEquals((await response).status, status);
  return `${status} ${code}`;
}

Deno.test("a user's route gets user, organization, role, plan and limits from one gate call", async () => {
  const { fake, request } = setup();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const headers = { traceparent, "X-Request-Id": "request-0001" };
  const response = await request("/reader", await asUser("GET", undefined, headers));
  assertEquals(await response.json(), {
    requestId: "request-0001",
    traceparent,
    caller: "user",
    userId: TEST_USER_ID,
    keyId: null,
    organizationId: TEST_ORGANIZATION_ID,
    role: "owner",
    permissions: fake.gate.permissions as unknown,
    plan: "free",
    limits: { requests_per_minute: 100, max_flows: 100 },
    apiVersion: "2026-11-21",
    pinnedVersion: null,
    flags: {},
    ip: null,
  });
  assertEquals(fake.calls.length, 1);
  const [gate] = fake.calls;
  assertEquals<unknown>([gate?.path, gate?.body], ["rpc/gate", {
    p_route: "read",
    p_organization_id: null,
    p_operation: "reader",
  }]);
  assertEquals([gate?.headers.get("traceparent"), gate?.headers.get("x-request-id")], [traceparent, "request-0001"]);
});

Deno.test("a traceparent that is not valid is ignored", async () => {
  const { request } = setup();
  for (
    const traceparent of [
      "00-00000000000000000000000000000000-b7ad6b7169203331-01",
      "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
      "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
      "nonsense",
    ]
  ) {
    const response = await request("/open", { headers: { traceparent } });
    assertEquals((await response.json() as { traceparent: unknown }).traceparent, null);
  }
});

Deno.test("the gate is asked for the header's organization and the route's class", async () => {
  const { fake, request } = setup();
  fake.on("rpc/save_item", () => ({ id: ID, name: "a" }));
  await request(`/items/${ID}`, await asUser("POST", { name: "a" }, { "X-Organization-Id": TEST_ORGANIZATION_ID }));
  assertEquals<unknown>(fake.calls[0]?.body, {
    p_route: "run",
    p_organization_id: TEST_ORGANIZATION_ID,
    p_operation: "saveItem",
  });
  const bad = await request("/reader", await asUser("GET", undefined, { "X-Organization-Id": "1' or '1'='1" }));
  assertEquals(await code(bad), "400 invalid_request");
  fake.on("rpc/gate", () => sqlError(404, "not_found", "No such organization"));
  assertEquals(await code(request("/reader", await asUser("GET"))), "404 not_found");
});

const ACCESS: [path: string, anonymous: string, user: string, secret: string, cron: string][] = [
  ["/reader", "401 unauthorized", "200", "403 forbidden", "403 forbidden"],
  ["/member", "401 unauthorized", "200", "403 forbidden", "403 forbidden"],
  ["/operator", "401 unauthorized", "403 forbidden", "200", "200"],
  ["/cron", "401 unauthorized", "403 forbidden", "403 forbidden", "200"],
  ["/both", "401 unauthorized", "200", "200", "200"],
  ["/open", "200", "200", "200", "200"],
];

for (const [path, anonymous, user, secret, cron] of ACCESS) {
  Deno.test(`${path} lets in whom its access names, and refuses a bad credential always`, async () => {
    const { fake, request } = setup();
    const outcome = async (init?: RequestInit) => {
      const response = await request(path, init);
      return response.status === 200 ? "200" : await code(response);
    };
    assertEquals(await outcome(), anonymous);
    assertEquals(await outcome({ headers: { apikey: TEST_KEYS.publishable } }), anonymous);
    assertEquals(await outcome(await asUser("GET")), user);
    assertEquals(await outcome(asSecret("GET")), secret);
    assertEquals(await outcome({ headers: { apikey: TEST_KEYS.cron } }), cron);
    for (
      const headers of [
        { Authorization: "Bearer nonsense" },
        { apikey: "sb_secret_wrong" },
        await userHeaders({ exp: 1 }),
        { apikey: TEST_KEYS.secret, Authorization: "Bearer mr_live_0000000000000000000000" },
      ]
    ) assertEquals(await outcome({ headers }), "401 unauthorized");
    // Only users have a gate, and a refused caller never reaches the database.
    assertEquals(fake.calls.length, user === "200" && path !== "/open" ? 1 : 0);
  });
}

Deno.test("a secret key acts as service_role in the organization that its header names", async () => {
  const { request } = setup();
  const response = await request("/both", asSecret("GET", undefined, { "X-Organization-Id": ID.toUpperCase() }));
  assertObjectMatch(await response.json() as object, {
    caller: "secret",
    userId: null,
    organizationId: ID,
    role: null,
    permissions: [],
    limits: {},
  });
});

Deno.test("a role without the permission gets 403, a suspended organization says so", async () => {
  const { fake, request } = setup();
  fake.gate = openGate({ role: "guest", permissions: ["org:read"] });
  const refused = await request("/reader", await asUser("GET"));
  assertEquals(refused.status, 403);
  assertObjectMatch(await refused.json() as object, { detail: "The role guest lacks the permission flows:read" });
  assertEquals((await request("/member", await asUser("GET"))).status, 200);
  fake.gate = openGate({ suspended: true, permissions: ["org:read"] });
  assertObjectMatch(await (await request("/reader", await asUser("GET"))).json() as object, {
    detail: "This organization is suspended",
  });
});

Deno.test("the rate limit is told on every answer and enforced before anything is read", async () => {
  const { fake, request } = setup();
  const good = await request("/reader", await asUser("GET"));
  assertEquals(good.headers.get("ratelimit-policy"), '"read";q=100;w=60');
  assertEquals(good.headers.get("ratelimit"), '"read";r=99;t=1');
  assertEquals((await request("/open")).headers.get("ratelimit"), null);
  const rate = { allowed: false, limit: 9, window_seconds: 60, remaining: 0, reset_seconds: 7, retry_after_seconds: 3 };
  fake.gate = openGate({ rate, permissions: [] });
  const refused = await request(`/items/${ID}`, await asUser("POST", { nonsense: true }));
  assertEquals([refused.headers.get("retry-after"), refused.headers.get("ratelimit")], ["3", '"run";r=0;t=7']);
  assertEquals(await code(refused), "429 rate_limited");
});

Deno.test("a database that is away is 503 with Retry-After, at the gate and behind it", async () => {
  const { fake, request } = setup();
  fake.on("rpc/save_item", () => new Response("upstream", { status: 502 }));
  const behind = await request(`/items/${ID}`, await asUser("POST", { name: "a" }));
  assertEquals([behind.headers.get("retry-after"), await code(behind)], ["5", "503 service_unavailable"]);
  fake.down = true;
  const gate = await request("/reader", await asUser("GET"));
  assertEquals([gate.headers.get("retry-after"), await code(gate)], ["5", "503 service_unavailable"]);
  fake.down = false;
  assertEquals((await request("/reader", await asUser("GET"))).status, 200);
});

Deno.test("every problem of params, query, headers and body is reported at once", async () => {
  const { fake, request } = setup();
  const init = await asUser("POST", { name: "", size: "x", extra: 1, other: 2 }, { "X-Mode": "c" });
  const response = await request("/items/42?wait=99", init);
  assertEquals(response.status, 400);
  const { problems } = await response.json() as { problems: { path: string; code: string }[] };
  assertEquals(problems.map(({ path, code }) => `${path} ${code}`).sort(), [
    "body.extra unknown_property",
    "body.name too_small",
    "body.other unknown_property",
    "body.size invalid_type",
    "headers.x-mode invalid_value",
    "params.id invalid_format",
    "query.wait too_big",
  ]);
  assertEquals(fake.calls.map((call) => call.path), ["rpc/gate"]);
});

Deno.test("a query parameter that the route does not know is refused, but on public routes", async () => {
  const { request } = setup();
  for (const path of ["/items?activ=true", "/member?nope"]) {
    const response = await request(path, await asUser("GET"));
    assertEquals(response.status, 400, path);
    const { problems } = await response.json() as { problems: { path: string; code: string }[] };
    assertEquals(problems.map(({ path, code }) => `${path} ${code}`), [
      `query.${/\?(\w+)/.exec(path)?.[1]} unknown_parameter`,
    ]);
  }
  assertEquals((await request("/open?nope=1")).status, 200);
});

Deno.test("a plain return value is the first response, reply() any of them", async () => {
  const { fake, request } = setup();
  fake.on("rpc/save_item", ({ body }) => ({ id: (body as { p_id: string }).p_id, name: "a" }));
  const saved = await request(`/items/${ID}`, await asUser("POST", { name: "a" }));
  assertEquals<unknown>([saved.status, await saved.json()], [201, { id: ID, name: "a" }]);
  const later = await request(`/items/${ID}?wait=3`, await asUser("POST", { name: "a" }));
  assertEquals<unknown>([later.status, await later.json()], [202, { later: true }]);
  assertEquals(later.headers.get("location"), `/items/${ID}`);
});

Deno.test("checkResponses finds an answer that its own schema refuses", async () => {
  const { fake, request } = setup();
  fake.on("rpc/save_item", () => ({ id: ID, name: null }));
  assertEquals(await code(request(`/items/${ID}`, await asUser("POST", { name: "a" }))), "500 internal");
});

Deno.test("a body that may be left out may be empty, and is checked when it is there", async () => {
  const { request } = setup();
  const post = (body?: string, type = "application/json") =>
    request("/optional", {
      method: "POST",
      ...(body === undefined ? {} : { body }),
      headers: { "Content-Type": type },
    });
  assertEquals(await (await post()).json(), { got: null });
  assertEquals(await (await post("  ", "text/plain")).json(), { got: null });
  assertEquals(await (await post('{"a":1}')).json(), { got: 1 });
  assertEquals(await code(post("{}")), "400 invalid_request");
  assertEquals(await code(post('{"a":1,"a":2}')), "400 invalid_json");
  assertEquals(await code(post(`{"a":1${" ".repeat(100)}}`)), "413 payload_too_large");
});

Deno.test("admin() works where the route says why, and nowhere else", async () => {
  const { fake, request } = setup();
  fake.on("rpc/tick", () => 1);
  assertEquals((await request("/declared", { method: "POST" })).status, 200);
  assertEquals(fake.calls[0]?.headers.get("apikey"), TEST_KEYS.secret);
  assertEquals(await code(request("/undeclared", { method: "POST" })), "500 internal");
  assertEquals((await request("/undeclared", asSecret("POST"))).status, 200);
});

Deno.test("a list gives pages, and refuses foreign cursors, columns and limits", async () => {
  const { fake, request } = setup();
  fake.on("flows", ({ query }) => {
    const rows = ["d", "c", "b", "a"].map((id) => ({ id, created_at: id }));
    return (query.has("or") ? rows.slice(2) : rows).slice(0, Number(query.get("limit")));
  });
  const get = async (query: string) => await request(`/items?${query}`, await asUser("GET"));
  const first = await (await get("limit=2&active=true")).json() as { data: unknown[]; next_cursor: string };
  assertEquals(first.data.length, 2);
  const cursor = encodeURIComponent(first.next_cursor);
  const second = await (await get(`limit=2&active=true&cursor=${cursor}`)).json() as typeof first;
  assertEquals<unknown>([second.data.length, second.next_cursor], [2, null]);
  for (const query of [`cursor=${cursor}`, `active=false&cursor=${cursor}`, `active=true&sort=name&cursor=${cursor}`]) {
    assertEquals(await code(get(query)), "400 invalid_cursor", query);
  }
  fake.gate = openGate({ organization_id: ID });
  assertEquals(await code(get(`active=true&cursor=${cursor}`)), "400 invalid_cursor");
  for (
    const query of [
      "sort=password",
      "sort=created_at,name",
      "sort=--name",
      "limit=0",
      "limit=101",
      "limit=x",
      "limit=",
      "limit=1&limit=2",
      "active=%00",
      "cursor=%00",
    ]
  ) assertEquals(await code(get(query)), "400 invalid_request", query);
  assert((await get("forceFunctionRegion=eu")).ok);
});

Deno.test("the signal aborts when the caller goes away while the handler runs, and not afterwards", async () => {
  const signals: AbortSignal[] = [];
  const wait = defineRoute({
    method: "get",
    path: "/",
    operationId: "wait",
    summary: "s",
    tags: ["t"],
    access: { public: true },
    request: { query: z.object({ wait: z.string().optional() }) },
    responses: { 204: { description: "Waited" } },
  }, async (c, { query }) => {
    const { signal } = c.var.request;
    signals.push(signal);
    if (query.wait !== undefined) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const app = createApp("t", createRouter("t", [wait]), testOptions(fakeDataApi()));
  const caller = new AbortController();
  // Held until the end, as a server holds what it serves: else nothing but a weak reference would lead to who waits.
  const held = new Request("http://x.test/t?wait", { signal: caller.signal });
  const waiting = app.request(held);
  const answered = await app.request(new Request("http://x.test/t", { signal: caller.signal }));
  assertEquals(answered.status, 204);
  caller.abort();
  assertEquals((await waiting).status, 204);
  assertEquals([held.signal, ...signals].map((signal) => signal.aborted), [true, true, false]);
});

import { z } from "zod";
import { assert, assertEquals, assertMatch, assertObjectMatch, assertThrows } from "../../tests/helpers/assert.ts";
import { asUser, fakeDataApi, testEnv, testOptions } from "../../tests/helpers/http.ts";
import { EnvError } from "../env/mod.ts";
import { conflict } from "../errors/mod.ts";
import {
  type AppOptions,
  backgroundSettled,
  createApp,
  createRouter,
  defineRawRoute,
  defineRoute,
  type Observation,
  waitUntil,
} from "./mod.ts";

const common = { summary: "s", tags: ["t"], access: { public: true } } as const;

const hello = defineRoute({
  ...common,
  method: "get",
  path: "/",
  operationId: "hello",
  responses: { 200: { description: "Hello", schema: z.object({ hello: z.string() }) } },
}, (c) => {
  if (c.req.query("tag") !== undefined) c.header("ETag", '"v1"');
  return { hello: c.var.request.requestId };
});

const fail = defineRoute({
  ...common,
  method: "post",
  path: "/fail/:how",
  operationId: "fail",
  responses: { 200: { description: "Never" } },
}, (c) => {
  switch (c.req.param("how")) {
    case "app":
      throw conflict("Twice");
    case "text":
      // deno-lint-ignore no-throw-literal
      throw "hunter2";
    default:
      throw new Error("hunter2");
  }
});

const remove = defineRoute({
  ...common,
  method: "delete",
  path: "/",
  operationId: "remove",
  responses: { 204: { description: "Gone" } },
}, () => undefined);

const raw = defineRawRoute(
  {
    path: "/raw/:slug",
    operationId: "raw",
    summary: "s",
    tags: ["t"],
    responses: { 200: { description: "What came" } },
  },
  (c, body) =>
    c.json({ method: c.req.method, slug: c.req.param("slug"), body: [...body], caller: c.var.request.caller }),
);

const router = createRouter("things", [hello, fail, remove, raw]);

function app(overrides: Partial<AppOptions> = {}) {
  return createApp("things", router, testOptions(fakeDataApi(), overrides));
}

async function problem(response: Response): Promise<Record<string, unknown>> {
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  return await response.json() as Record<string, unknown>;
}

Deno.test("createApp() serves its router below its name, with and without a slash", async () => {
  for (const path of ["/things", "/things/"]) assertEquals((await app().request(path)).status, 200, path);
  for (const path of ["/", "/thing", "/things/none", "/other/things", "/%", "/things/%00", "/things/%ff"]) {
    const response = await app().request(path);
    assertEquals(response.status, 404, path);
    assertObjectMatch(await problem(response), { code: "not_found", detail: "No such path" });
  }
});

Deno.test("createApp() throws every problem of the environment at start", () => {
  assertThrows(() => createApp("things", router, { env: testEnv({ SUPABASE_URL: undefined }) }), EnvError);
});

Deno.test("every answer carries a request id, taken over when it is sane", async () => {
  const id = async (given?: string) => {
    const response = await app().request("/things", { headers: given === undefined ? {} : { "X-Request-Id": given } });
    const answered = response.headers.get("x-request-id");
    assertEquals((await response.json() as { hello: string }).hello, answered);
    return answered;
  };
  assertEquals(await id("my-request.0001"), "my-request.0001");
  for (const bad of [undefined, "", "short", "x".repeat(200), "with space 123", 'quote"12345', "-leading-dash"]) {
    assertMatch(await id(bad) ?? "", /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  }
});

Deno.test("every answer carries the security headers and is not stored, unless it has a version", async () => {
  for (const path of ["/things", "/none"]) {
    const { headers } = await app().request(path);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("cache-control"), "no-store");
    assertEquals(headers.get("x-frame-options"), "DENY");
  }
  assertEquals((await app().request("/things?tag")).headers.get("cache-control"), "private, no-cache");
});

Deno.test("a thrown AppError is its problem; anything else is internal and says nothing", async () => {
  const twice = await app().request("/things/fail/app", { method: "POST" });
  assertEquals(twice.status, 409);
  assertObjectMatch(await problem(twice), { code: "conflict", detail: "Twice" });
  for (const how of ["error", "text"]) {
    const response = await app().request(`/things/fail/${how}`, { method: "POST" });
    assertEquals(response.status, 500);
    const body = await problem(response);
    assertEquals(body.code, "internal");
    assertEquals(body.request_id, response.headers.get("x-request-id"));
    assert(!JSON.stringify(body).includes("hunter2"));
  }
});

Deno.test("an unknown method is a 405 with Allow, OPTIONS says the same, HEAD is GET without a body", async () => {
  const put = await app().request("/things", { method: "PUT" });
  assertEquals([put.status, put.headers.get("allow")], [405, "GET, DELETE, HEAD, OPTIONS"]);
  assertObjectMatch(await problem(put), { code: "method_not_allowed" });
  assertEquals((await app().request("/things", { method: "PROPFIND" })).status, 405);
  const options = await app().request("/things/fail/x", { method: "OPTIONS" });
  assertEquals([options.status, options.headers.get("allow")], [204, "POST, OPTIONS"]);
  assertEquals((await app().request("/none", { method: "OPTIONS" })).status, 404);
  const head = await app().request("/things", { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
  const gone = await app().request("/things", { method: "DELETE" });
  assertEquals([gone.status, await gone.text()], [204, ""]);
});

Deno.test("CORS allows any site by default, without credentials", async () => {
  const response = await app().request("/things", { headers: { Origin: "https://a.test" } });
  assertEquals(response.headers.get("access-control-allow-origin"), "*");
  assertEquals(response.headers.get("access-control-allow-credentials"), null);
  assertMatch(response.headers.get("access-control-expose-headers") ?? "", /RateLimit/);
});

Deno.test("CORS follows the allow-list, and preflight answers with what supabase-js sends", async () => {
  const env = testEnv({ CORS_ORIGINS: "https://a.test" });
  const preflight = (origin: string, path = "/things") =>
    app({ env }).request(path, {
      method: "OPTIONS",
      headers: { "Origin": origin, "Access-Control-Request-Method": "POST" },
    });
  const good = await preflight("https://a.test");
  assertEquals([good.status, good.headers.get("access-control-allow-origin")], [204, "https://a.test"]);
  const allowed = (good.headers.get("access-control-allow-headers") ?? "").split(", ");
  const needed = ["authorization", "x-client-info", "apikey", "content-type", "x-organization-id", "idempotency-key"];
  for (const name of [...needed, "if-match", "last-event-id", "traceparent"]) assert(allowed.includes(name), name);
  assertMatch(good.headers.get("access-control-allow-methods") ?? "", /DELETE/);
  for (const origin of ["https://evil.test", "https://a.test.evil.test", "null", "http://a.test"]) {
    const bad = await preflight(origin);
    assertEquals([bad.status, bad.headers.get("access-control-allow-origin")], [204, null], origin);
    assertEquals(bad.headers.get("access-control-allow-headers"), null);
  }
  assertEquals((await preflight("https://a.test", "/things/raw/x")).status, 204);
  const answer = await app({ env }).request("/none", { headers: { Origin: "https://a.test" } });
  assertEquals(answer.headers.get("access-control-allow-origin"), "https://a.test");
  assertEquals(answer.headers.get("vary"), "Origin");
  const foreign = await app({ env }).request("/things", { headers: { Origin: "https://evil.test" } });
  assertEquals([foreign.headers.get("access-control-allow-origin"), foreign.headers.get("vary")], [null, "Origin"]);
});

Deno.test("a raw route takes any method, type and credential, and the bytes as they came", async () => {
  const request = (method: string, init: RequestInit = {}) => app().request("/things/raw/abc", { method, ...init });
  for (const method of ["GET", "POST", "PUT", "DELETE", "PURGE", "OPTIONS"]) {
    assertEquals(await (await request(method)).json(), { method, slug: "abc", body: [], caller: "anonymous" });
  }
  const headers = { "Content-Type": "text/weird", "Authorization": "Bearer nonsense", "apikey": "nonsense" };
  const body = new Uint8Array([0, 255, 10]);
  assertObjectMatch(await (await request("POST", { body, headers })).json() as object, { body: [0, 255, 10] });
  const large = await request("POST", { body: new Uint8Array(1_048_577) });
  assertEquals(large.status, 413);
  assertEquals((await request("POST", { body: new Uint8Array(1_048_576) })).status, 200);
});

Deno.test("mounted routers answer below the prefix, loaded once, with the same middleware once", async () => {
  let loads = 0;
  const observed: Observation[] = [];
  const lines: string[] = [];
  const mounting = createApp("api", createRouter("api", []), {
    ...testOptions(fakeDataApi(), { env: testEnv({ LOG_LEVEL: "info" }), write: (line) => lines.push(line) }),
    observe: (observation) => observed.push(observation),
    mounts: {
      prefix: "/v1",
      routers: { things: () => (loads++, Promise.resolve(router)), alias: () => Promise.resolve(router) },
    },
  });
  for (const path of ["/api/v1/things", "/api/v1/things/", "/api/v1/alias"]) {
    const response = await mounting.request(path, { headers: { "X-Request-Id": "request-0001" } });
    assertEquals(await response.json(), { hello: "request-0001" }, path);
    assertEquals(response.headers.get("x-request-id"), "request-0001");
  }
  assertEquals((await mounting.request("/api/v1/things/raw/x", { method: "PURGE" })).status, 200);
  assertEquals((await mounting.request("/api/v1/things", { method: "PUT" })).status, 405);
  assertEquals((await mounting.request("/api/v1/things/none")).status, 404);
  assertEquals((await mounting.request("/api/v1/thingsX")).status, 404);
  assertEquals((await mounting.request("/api/v1/none")).status, 404);
  assertEquals((await mounting.request("/api/v1/things/fail/x", { method: "POST" })).status, 500);
  assertEquals(loads, 1);
  assertEquals([observed.length, lines.length], [9, 9]);
  assertObjectMatch(observed[0] ?? {}, { app: "api", operationId: "hello", method: "GET", status: 200 });
});

Deno.test("a mount that cannot be loaded is a 500 and not the end", async () => {
  const mounting = createApp("api", createRouter("api", [hello]), {
    ...testOptions(fakeDataApi()),
    mounts: { prefix: "/v1", routers: { broken: () => Promise.reject(new Error("no module")) } },
  });
  assertEquals((await mounting.request("/api/v1/broken/x")).status, 500);
  assertEquals((await mounting.request("/api")).status, 200);
});

Deno.test("each request writes one line: who, what, how long, without the query", async () => {
  const lines: string[] = [];
  const logged = app({ env: testEnv({ LOG_LEVEL: "info" }), write: (line) => lines.push(line) });
  await logged.request("/things?token=hunter2", await asUser("GET"));
  await logged.request("/things/fail/x", { method: "POST" });
  await logged.request("/things", {
    method: "OPTIONS",
    headers: { Origin: "x", "Access-Control-Request-Method": "GET" },
  });
  const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>);
  assertEquals(lines.length, 2);
  assert(!lines.join().includes("token=hunter2"));
  assertEquals([first?.level as unknown, first?.action as unknown], ["info", "http.request"]);
  assertObjectMatch(first?.metadata ?? {}, { path: "/things", operation: "hello", status: 200, method: "GET" });
  assertMatch(String(first?.userId), /^[0-9a-f-]{36}$/);
  assertEquals(second?.level as unknown, "error");
  assertObjectMatch(second?.error ?? {}, { cause: { message: "hunter2" } });
});

Deno.test("waitUntil() lets work go on, survives its failure and uses the platform's where there is one", async () => {
  const given: Promise<unknown>[] = [];
  const platform = globalThis as { EdgeRuntime?: { waitUntil(promise: Promise<unknown>): void } };
  platform.EdgeRuntime = { waitUntil: (promise) => void given.push(promise) };
  try {
    let done = false;
    waitUntil(Promise.resolve().then(() => void (done = true)));
    waitUntil(Promise.reject(new Error("boom")));
    await backgroundSettled();
    assert(done);
    assertEquals(given.length, 2);
  } finally {
    delete platform.EdgeRuntime;
  }
});

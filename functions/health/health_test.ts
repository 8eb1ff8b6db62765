import { REQUIRED_SCHEMA } from "../../shared/db/mod.ts";
import { createApp } from "../../shared/http/mod.ts";
import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { fakeDataApi, sqlError, testOptions } from "../../tests/helpers/http.ts";
import { checkRoutes, expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { router } from "./router.ts";
import { detailedSchema, liveSchema, readySchema } from "./schemas.ts";

const PATHS = ["/health", "/health/", "/health/ready"];

Deno.test("GET /health and /health/ready say that the database answers and has our schema", () =>
  withApi([router], async (api) => {
    for (const path of PATHS) {
      const { status, body, headers } = await api.caller({}).get(path);
      assertEquals(status, 200, path);
      readySchema.parse(body);
      assertEquals(headers.get("cache-control"), "no-store");
    }
  }));

Deno.test("GET /health/ready is 503 with Retry-After while the database is away, and /health/live is not", () =>
  withApi([router], async (api) => {
    await api.withoutDatabase(async () => {
      for (const path of PATHS) {
        const away = await api.caller({}).get(path);
        expectProblem(away, "service_unavailable");
        assertEquals(away.body.problems?.map(({ path, code }) => [path, code]), [["database", "unreachable"]]);
        assert(Number(away.headers.get("retry-after")) > 0);
      }
      const live = await api.caller({}).get("/health/live");
      assertEquals(live.status, 200);
      liveSchema.parse(live.body);
    });
  }));

Deno.test("GET /health/ready says when the database has not been migrated", async () => {
  const answers = [
    () => sqlError(404, "PGRST205", "Could not find the table"),
    () => sqlError(404, "42P01", "no"),
    () => [],
  ];
  for (const answer of answers) {
    const fake = fakeDataApi();
    fake.on("plans", answer);
    const response = await createApp("health", router, testOptions(fake)).request("/health/ready");
    assertEquals(response.status, 503);
    assertEquals((await response.json()).problems[0].code, "schema_missing");
  }
});

Deno.test("GET /health asks the database once for many callers, and takes no notice of their credentials", async () => {
  const fake = fakeDataApi();
  fake.on("rpc/schema_version", () => ({ version: REQUIRED_SCHEMA, serves_from: REQUIRED_SCHEMA }));
  const app = createApp("health", router, testOptions(fake));
  const headers = { authorization: "Bearer expired", apikey: "sb_publishable_of_another_project" };
  const replies = await Promise.all(Array.from({ length: 20 }, () => app.request("/health", { headers })));
  assertEquals(replies.map(({ status }) => status), Array(20).fill(200));
  assertEquals(fake.calls.length, 1);
  assert(!JSON.stringify(await replies[0]?.json()).includes("sb_"));
});

Deno.test("GET /health and /health/ready say what to do about a schema that does not fit; /health/live answers", async () => {
  const cases: [string, () => unknown][] = [
    ["schema_too_old", () => ({ version: "20200101000000", serves_from: "20200101000000" })],
    ["schema_too_new", () => ({ version: "29991231000000", serves_from: "29991231000000" })],
    ["schema_missing", () => sqlError(406, "PGRST106", "Invalid schema: engine")],
  ];
  for (const [code, answer] of cases) {
    const fake = fakeDataApi();
    fake.on("plans", () => [{ id: "free" }]);
    fake.on("rpc/schema_version", answer);
    const app = createApp("health", router, testOptions(fake, { schema: REQUIRED_SCHEMA }));
    for (const path of PATHS) {
      const response = await app.request(path);
      const problem = await response.json();
      assertEquals([response.status, problem.code, problem.problems[0].code], [503, "schema_mismatch", code]);
      assert(/docs\/deploy\.md/.test(problem.detail) && !problem.detail.includes("2020"), problem.detail);
    }
    assertEquals((await app.request("/health/live")).status, 200);
  }
  const newer = fakeDataApi();
  newer.on("rpc/schema_version", () => ({ version: "29991231000000", serves_from: REQUIRED_SCHEMA }));
  assertEquals((await createApp("health", router, testOptions(newer)).request("/health/ready")).status, 200);
});

Deno.test("GET /health/ready gives up on a database that does not answer in time", async () => {
  const fake = fakeDataApi();
  const hanging: typeof fetch = (_input, init) =>
    new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
  const startedAt = performance.now();
  const app = createApp("health", router, testOptions(fake, { fetch: hanging }));
  assertEquals((await app.request("/health/ready")).status, 503);
  assert(performance.now() - startedAt < 3_000);
});

Deno.test("health: the route for operators keeps the common contract", async (context) => {
  await withServedApi([router], (api) => checkRoutes(context, api, router));
});

Deno.test("GET /health/detailed names the services that are left alone, to operators only", () =>
  withServedApi([router], async (api) => {
    const get = async () => detailedSchema.parse((await api.operator.get("/health/detailed")).body);
    assertEquals([(await get()).status, (await get()).providers], ["ok", []]);
    assertEquals((await get()).schema, { needed: REQUIRED_SCHEMA, version: REQUIRED_SCHEMA });
    await api.db.sql`
      insert into private.provider_breakers (key, calls, failures, opened_at, open_until) values
        ('http:5f0e0f4e-0000-4000-8000-000000000000:api.example.com', 12, 9, now(), now() + interval '9 seconds'),
        ('email:old', 12, 9, now() - interval '1 minute', now() - interval '1 second')`;
    const { status, providers } = await get();
    assertEquals([status, providers.map(({ calls, failures }) => [calls, failures])], ["ok", [[12, 9]]]);
    assert(providers[0]!.open_ms > 5_000 && providers[0]!.open_ms <= 9_000);
    await api.db.sql`update private.provider_breakers set open_until = now() + interval '5 seconds'`;
    assertEquals((await get()).status, "degraded");
    const ada = await api.createUser();
    expectProblem(await ada.get("/health/detailed"), "forbidden");
    expectProblem(await api.caller({}).get("/health/detailed"), "unauthorized");
    await api.withoutDatabase(async () => {
      expectProblem(await api.operator.get("/health/detailed"), "service_unavailable");
    });
  }));

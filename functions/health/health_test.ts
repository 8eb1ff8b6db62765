import { createApp } from "../../shared/http/mod.ts";
import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { fakeDataApi, sqlError, testOptions } from "../../tests/helpers/http.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";
import { liveSchema, readySchema } from "./schemas.ts";

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
  fake.on("plans", () => [{ id: "free" }]);
  const app = createApp("health", router, testOptions(fake));
  const headers = { authorization: "Bearer expired", apikey: "sb_publishable_of_another_project" };
  const replies = await Promise.all(Array.from({ length: 20 }, () => app.request("/health", { headers })));
  assertEquals(replies.map(({ status }) => status), Array(20).fill(200));
  assertEquals(fake.calls.length, 1);
  assert(!JSON.stringify(await replies[0]?.json()).includes("sb_"));
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

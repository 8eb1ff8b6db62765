import type { AnyRoute } from "../../shared/http/mod.ts";
import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertMatch } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { FUNCTIONS, mounts } from "./mounts.ts";
import { makeDocument } from "./open_api.ts";
import { TAGS } from "./tags.ts";
import { router } from "./router.ts";
import { type ApiInfo, apiInfoSchema } from "./schemas.ts";

const options = { app: { mounts } };

interface Operation {
  operationId: string;
  summary?: string;
  tags?: string[];
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
}

type Paths = Record<string, Record<string, Operation>>;

Deno.test("GET /api says what there is, to everybody, and under /v1 too", () =>
  withApi([router], async (api) => {
    for (const path of ["/api", "/api/", "/api/v1"]) {
      const { status, body } = await api.caller({}).get<ApiInfo>(path);
      assertEquals(status, 200, path);
      apiInfoSchema.parse(body);
      assertEquals(body.resources.flows, "http://project.test/functions/v1/api/v1/flows");
    }
    expectProblem(await api.caller({ authorization: "Bearer x" }).get("/api"), "unauthorized");
  }, options));

Deno.test("every function answers under /api/v1, by its name and by its old names", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<{ id: string }>("/api/v1/flows", { name: "Through the API" });
    assertEquals(made.status, 201);
    assertEquals(made.headers.get("location"), `http://project.test/functions/v1/api/v1/flows/${made.body.id}`);
    for (const name of ["flows", "workflows", "canvas"]) {
      const read = await ada.get<{ id: string }>(`/api/v1/${name}/${made.body.id}`);
      assertEquals([read.status, read.body.id], [200, made.body.id], name);
      assert(read.headers.has("ratelimit"));
    }
    for (
      const path of [
        "runs",
        "executions",
        "nodes",
        "workers",
        "webhooks",
        "templates",
        "templates/data-loop",
        "stats",
        "flows/stats",
        "schedules",
        "orgs",
        "orgs/me",
        "auth/me",
        "health",
        "health/live",
      ]
    ) {
      assertEquals((await ada.get(`/api/v1/${path}`)).status, 200, path);
    }
    assertEquals((await ada.post("/api/v1/auth/sync")).status, 200);
    assertEquals((await ada.get("/api/v1/workers/logic.if/schema")).status, 200);
  }, options));

Deno.test("what is not there is a problem under /api/v1 as well", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    for (
      const path of [
        "/api/v1/nothing",
        "/api/v2/flows",
        "/api/flows",
        "/api/v1/auth",
        "/api/v1/worker",
        "/api/v1/flows/a/b/c/d",
      ]
    ) {
      expectProblem(await ada.get(path), "not_found");
    }
    expectProblem(await ada.send("PUT", "/api/v1/flows"), "method_not_allowed");
    expectProblem(await ada.delete("/api/v1"), "method_not_allowed");
    expectProblem(await api.anonymous.get("/api/v1/flows"), "unauthorized");
    expectProblem(await api.withoutDatabase(() => ada.get("/api/v1/flows")), "service_unavailable");
  }, options));

Deno.test("GET /api/v1/openapi.json gives the document to everybody, and 304 to who has it", () =>
  withApi([router], async (api) => {
    const first = await api.caller({ authorization: "Bearer of nobody" }).get<Record<string, unknown>>(
      "/api/v1/openapi.json",
    );
    assertEquals(first.status, 200);
    assertEquals(first.body.openapi, "3.1.0");
    assertMatch(first.headers.get("cache-control") ?? "", /public/);
    const tag = first.headers.get("etag") ?? "";
    assertEquals((await api.anonymous.get("/api/v1/openapi.json", { "if-none-match": tag })).status, 304);
  }, options));

Deno.test("the document holds every route of every function, each with summary, tag, errors and its parameters", async () => {
  const document = await makeDocument("https://project.test/functions/v1");
  const paths = document.paths as unknown as Paths;
  const operations = Object.values(paths).flatMap((item) => Object.values(item));
  const ids = operations.map(({ operationId }) => operationId);
  assertEquals(new Set(ids).size, ids.length, "operation ids are unique");
  const tags = TAGS.map(({ name }) => name);
  for (const operation of operations) {
    assert((operation.summary ?? "") !== "", operation.operationId);
    assert((operation.tags ?? []).length > 0, operation.operationId);
    for (const tag of operation.tags ?? []) {
      assert(tags.includes(tag), `${operation.operationId} has the unknown tag ${tag}`);
    }
    assert("500" in operation.responses, operation.operationId);
  }
  for (const [path, item] of Object.entries(paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const { operationId, parameters = [] } of Object.values(item)) {
      const given = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
      assertEquals(given.toSorted(), names.toSorted() as string[], operationId);
    }
  }
  for (const [name, load] of Object.entries(FUNCTIONS)) {
    for (const route of (await load()).routes) assert(isDocumented(paths, name, route), route.definition.operationId);
  }
});

Deno.test("docs/api.md names every route of every function, and no other", async () => {
  const { paths } = await makeDocument("https://project.test/functions/v1");
  const served = Object.entries(paths as unknown as Paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`)
  ).map((route) => route.replace(/^\w+ (\/hooks\/:slug)/, "ANY $1"));
  const [, table = ""] = (await Deno.readTextFile(new URL("../../docs/api.md", import.meta.url))).split(
    "## Every route",
  );
  const named = [...table.matchAll(/^\| `(\w+ \/\S*)`/gm)].map(([, route]) => route!);
  assertEquals(named.toSorted(), [...new Set(served)].toSorted());
});

Deno.test("every reference of the document leads somewhere", async () => {
  const document = await makeDocument("https://project.test/functions/v1");
  const text = JSON.stringify(document);
  for (const [, reference = ""] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    let place: unknown = document;
    for (const part of reference.split("/")) {
      place = (place as Record<string, unknown> | undefined)?.[decodeURIComponent(part)];
    }
    assert(place !== undefined, reference);
  }
});

function isDocumented(paths: Paths, name: string, route: AnyRoute): boolean {
  const { path } = route.definition;
  const item = paths[`/${name}${path === "/" ? "" : path}`.replaceAll(/:(\w+)/g, "{$1}")] ?? {};
  if (route.kind === "json") return route.definition.method in item;
  return (route.definition.methods ?? ["GET", "POST"]).every((method) => method.toLowerCase() in item);
}

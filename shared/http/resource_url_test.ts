import { assertEquals } from "../../tests/helpers/assert.ts";
import { fakeDataApi, testOptions } from "../../tests/helpers/http.ts";
import { createApp, createRouter, defineRoute, resourceUrl } from "./mod.ts";

const router = createRouter("things", [
  defineRoute({
    method: "get",
    path: "/",
    operationId: "where",
    summary: "Where things are",
    tags: ["things"],
    access: { public: true },
    responses: { 200: { description: "A redirect" } },
  }, (c) => new Response(resourceUrl(c, "things", "a/b"))),
]);

Deno.test("resourceUrl() names the function that the caller called", async () => {
  const app = createApp("things", router, testOptions(fakeDataApi()));
  const response = await app.request("/things");
  assertEquals(await response.text(), "http://project.test/functions/v1/things/a%2Fb");
});

Deno.test("resourceUrl() stays under /api/v1 for who came in there", async () => {
  const mounts = { prefix: "/v1", routers: { old: () => Promise.resolve(router) } };
  const app = createApp("api", createRouter("api", []), testOptions(fakeDataApi(), { mounts }));
  const response = await app.request("/api/v1/old");
  assertEquals(await response.text(), "http://project.test/functions/v1/api/v1/things/a%2Fb");
});

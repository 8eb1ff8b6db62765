import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { fakeDataApi, testEnv, testOptions } from "../../tests/helpers/http.ts";
import { notFound, serviceUnavailable } from "../errors/mod.ts";
import { backgroundSettled, createApp, createRouter, defineRoute } from "./mod.ts";

// The library keeps a timer of its own after a flush.
const options = { sanitizeResources: false, sanitizeOps: false };

Deno.test("our own faults are reported to Sentry without secrets, and nothing else is", options, async () => {
  const envelopes: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const gzipped = request.headers.get("content-encoding") === "gzip";
    const body = gzipped ? request.body?.pipeThrough(new DecompressionStream("gzip")) : request.body;
    envelopes.push(await new Response(body ?? null).text());
    // Without a body: the library would not read it, and Deno 2.1.4 calls that a leak.
    return new Response(null, { status: 204 });
  });
  try {
    const route = defineRoute({
      method: "get",
      path: "/:how",
      operationId: "fail",
      summary: "s",
      tags: ["t"],
      access: { public: true },
      responses: { 200: { description: "Never" } },
    }, (c) => {
      const how = c.req.param("how");
      if (how === "none") throw notFound("thing");
      if (how === "away") throw serviceUnavailable("database");
      throw new Error("failed with sb_secret_abcdefghijklmnop");
    });
    const env = testEnv({ SENTRY_DSN: `http://key@127.0.0.1:${server.addr.port}/1` });
    const app = createApp("t", createRouter("t", [route]), testOptions(fakeDataApi(), { env }));
    assertEquals((await app.request("/t/none")).status, 404);
    assertEquals((await app.request("/t/away")).status, 503);
    await backgroundSettled();
    assertEquals(envelopes.length, 0);
    const response = await app.request("/t/boom", { headers: { "X-Request-Id": "request-0001" } });
    assertEquals(response.status, 500);
    await backgroundSettled();
    assertEquals(envelopes.length, 1);
    const [envelope = ""] = envelopes;
    for (const part of ["request-0001", "failed with [redacted]", '"operation":"fail"']) {
      assertStringIncludes(envelope, part);
    }
    assert(!envelope.includes("sb_secret_abc"), envelope);
  } finally {
    await server.shutdown();
  }
});

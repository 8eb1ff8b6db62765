import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import type { JsonObject } from "../graph/mod.ts";
import { createProviders, type HttpRequest, type HttpResponse, NodeError, type Providers } from "../providers/mod.ts";
import { type LoggedLine, noProviders, run, testContext } from "./_test_context.ts";
import { actionHttp } from "./action_http.ts";
import { checkNodeConfig } from "./check_config.ts";
import { nodeCatalog } from "./registry.ts";
import { runNode } from "./run_node.ts";

const URL_ = "https://api.example.com/v1";

/** Providers whose HTTP gives this answer and keeps the request. */
function answering(response: Partial<HttpResponse> & { text?: string }, sent: HttpRequest[] = []): Providers {
  return {
    ...noProviders(),
    http: {
      request(request) {
        sent.push(request);
        return Promise.resolve({
          status: 200,
          statusText: "OK",
          headers: { "content-type": "application/json" },
          body: new TextEncoder().encode(response.text ?? "{}"),
          url: request.url,
          redirects: 0,
          ...response,
        });
      },
    },
  };
}

async function sentBy(config: JsonObject): Promise<HttpRequest> {
  const sent: HttpRequest[] = [];
  await run(actionHttp, { url: URL_, ...config }, { providers: answering({}, sent), idempotencyKey: "key-1" });
  assert(sent[0]);
  return sent[0];
}

function text(body: Uint8Array | undefined): string {
  return new TextDecoder().decode(body);
}

Deno.test("http sends a plain GET by default, without an idempotency key", async () => {
  const request = await sentBy({});
  assertEquals([request.method, request.url, request.timeoutSeconds, request.maxRedirects], ["GET", URL_, 30, 0]);
  assertEquals(request.headers, { "user-agent": "Millrace" });
  assertEquals(request.body, undefined);
});

Deno.test("http carries the step's idempotency key when the method changes something", async () => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    assertEquals((await sentBy({ method })).headers?.["idempotency-key"], "key-1");
  }
  assertEquals(
    (await sentBy({ method: "POST", idempotencyHeader: "X-Request-Id" })).headers?.["x-request-id"],
    "key-1",
  );
  assertEquals((await sentBy({ method: "POST", idempotencyHeader: "" })).headers, { "user-agent": "Millrace" });
  const own = await sentBy({ method: "POST", headers: { "Idempotency-Key": "mine" } });
  assertEquals(own.headers?.["idempotency-key"], "mine");
});

Deno.test("http makes the body that was chosen", async () => {
  const json = await sentBy({ method: "POST", body: { type: "json", value: { a: [1, "ü"] } } });
  assertEquals([text(json.body), json.headers?.["content-type"]], ['{"a":[1,"ü"]}', "application/json"]);
  const form = await sentBy({ method: "POST", body: { type: "form", fields: { a: "1 & 2", b: 3, c: true, d: null } } });
  assertEquals(text(form.body), "a=1+%26+2&b=3&c=true");
  const plain = await sentBy({ method: "PUT", body: { type: "text", value: "<a/>", contentType: "application/xml" } });
  assertEquals([text(plain.body), plain.headers?.["content-type"]], ["<a/>", "application/xml"]);
});

Deno.test("http adds the query to what the URL has", async () => {
  assertEquals((await sentBy({ query: { a: "x y", b: [1, 2], c: null } })).url, `${URL_}?a=x+y&b=1&b=2`);
  assertEquals((await sentBy({ url: `${URL_}?z=1#part`, query: { a: true } })).url, `${URL_}?z=1&a=true#part`);
  assertEquals((await sentBy({ url: `${URL_}?`, query: { a: 1 } })).url, `${URL_}?a=1`);
});

Deno.test("http knows four ways to authenticate", async () => {
  const field = async (auth: JsonObject) => (await sentBy({ auth })).headers;
  assertEquals((await field({ type: "bearer", token: "t" }))?.["authorization"], "Bearer t");
  assertEquals((await field({ type: "basic", username: "ü", password: "p:w" }))?.["authorization"], "Basic w7w6cDp3");
  assertEquals((await field({ type: "header", name: "X-Api-Key", value: "k" }))?.["x-api-key"], "k");
  assertEquals((await field({ type: "none" }))?.["authorization"], undefined);
});

async function answered(response: Partial<HttpResponse> & { text?: string }, config: JsonObject = {}) {
  const { output } = await run(actionHttp, { url: URL_, ...config }, { providers: answering(response) });
  return output as JsonObject;
}

Deno.test("http reads the body by its type or as it is told", async () => {
  const typed = (type: string, content: string) => ({ headers: { "content-type": type }, text: content });
  assertEquals((await answered(typed("application/json; charset=utf-8", '{"a":1}')))["body"], { a: 1 });
  assertEquals((await answered(typed("application/problem+json", "[1]")))["body"], [1]);
  assertEquals((await answered(typed("text/html", "<p>")))["body"], "<p>");
  assertEquals((await answered(typed("application/atom+xml", "<a/>")))["body"], "<a/>");
  assertEquals((await answered(typed("image/png", "\x89")))["body"], "wok=");
  assertEquals((await answered(typed("text/plain", "[1]"), { response: "json" }))["body"], [1]);
  assertEquals((await answered(typed("application/json", "[1]"), { response: "text" }))["body"], "[1]");
  assertEquals((await answered(typed("application/json", "[1]"), { response: "base64" }))["body"], "WzFd");
  assertEquals((await answered(typed("application/json", "")))["body"], null);
  assertEquals((await answered(typed("text/plain", "a\0b")))["body"], "a\ufffdb");
  const latin = { headers: { "content-type": "text/plain; charset=iso-8859-1" }, body: new Uint8Array([0xe9]) };
  assertEquals((await answered(latin))["body"], "é");
});

Deno.test("http gives status, fields and the URL without its query", async () => {
  assertEquals(
    await answered({ status: 201, url: "https://api.example.com/new?token=secret", redirects: 1, text: "1" }),
    {
      status: 201,
      headers: { "content-type": "application/json" },
      body: 1,
      url: "https://api.example.com/new",
      redirects: 1,
    },
  );
});

async function failing(
  response: Partial<HttpResponse> & { text?: string },
  config: JsonObject = {},
): Promise<NodeError> {
  const error = await assertRejects(() => answered(response, config), NodeError);
  assertEquals(error.code, "http_error");
  return error;
}

Deno.test("http fails on 4xx and 5xx, and tells which may pass", async () => {
  const retryable = async (status: number) => (await failing({ status })).retryable;
  for (const status of [408, 425, 429, 500, 502, 503, 504, 520]) {
    assertEquals(await retryable(status), true, String(status));
  }
  for (const status of [400, 401, 403, 404, 409, 422, 501, 505]) {
    assertEquals(await retryable(status), false, String(status));
  }
  const error = await failing({ status: 422, statusText: "Nope", text: "x".repeat(5_000) });
  assertEquals(error.message, "The server answered 422 Nope");
  assertEquals((error.details as JsonObject)["status"], 422);
  assertEquals(String((error.details as JsonObject)["body"]).length, 2_000);
});

Deno.test("http fails on the statuses that the config lists", async () => {
  assertEquals((await answered({ status: 404 }, { failOn: ["5xx"] }))["status"], 404);
  assertEquals((await failing({ status: 204 }, { failOn: ["204"] })).retryable, false);
  assertEquals((await answered({ status: 500 }, { failOn: [] }))["status"], 500);
});

Deno.test("http honours Retry-After where another attempt makes sense", async () => {
  assertEquals((await failing({ status: 429, headers: { "retry-after": "12" } })).retryAfterSeconds, 12);
  assertEquals((await failing({ status: 503, headers: { "retry-after": "never" } })).retryAfterSeconds, undefined);
  assertEquals((await failing({ status: 404, headers: { "retry-after": "12" } })).retryAfterSeconds, undefined);
});

Deno.test("http calls a body that is not JSON a failure when JSON was wanted", async () => {
  assertEquals((await failing({ text: "<html>" })).retryable, false);
  assertEquals((await failing({ body: new Uint8Array([0x22, 0xff, 0x22]) })).retryable, false);
});

Deno.test("http refuses configs that cannot work", () => {
  const faults = (config: JsonObject) =>
    checkNodeConfig(actionHttp, { url: URL_, ...config }).map((issue) => issue.path.join("."));
  assertEquals(faults({}), []);
  assertEquals(faults({ url: "ftp://example.com" }), ["url"]);
  assertEquals(faults({ method: "TRACE" }), ["method"]);
  assertEquals(faults({ body: { type: "json", value: 1 } }), ["body"]);
  assertEquals(faults({ headers: { "X-A": "1\r\nX-B: 2" } }), ["headers.X-A"]);
  assertEquals(faults({ headers: { "X-A\n": "1" } }), ["headers.X-A\n"]);
  assertEquals(faults({ headers: { Host: "inside", "Content-Length": "1" } }), [
    "headers.Host",
    "headers.Content-Length",
  ]);
  assertEquals(faults({ auth: { type: "bearer", token: "a\r\nb" } }), ["auth.token"]);
  assertEquals(faults({ auth: { type: "basic", username: "a:b", password: "" } }), ["auth.username"]);
  assertEquals(faults({ timeoutSeconds: 0 }), ["timeoutSeconds"]);
  assertEquals(faults({ failOn: ["4x"] }), ["failOn.0"]);
  assertEquals(faults({ maxRedirects: 11 }), ["maxRedirects"]);
});

Deno.test("http refuses a line break that an expression brought in", async () => {
  const config = { url: URL_, headers: { "X-Name": "Ada\r\nX-Admin: 1" } };
  const error = await assertRejects(() => run(actionHttp, config, { providers: answering({}) }), NodeError);
  assertEquals([error.code, error.retryable], ["node_config_invalid", false]);
});

Deno.test("http refuses a body over a mebibyte", async () => {
  const config = { url: URL_, method: "POST", body: { type: "text", value: "x".repeat(1_048_577) } };
  const error = await assertRejects(() => run(actionHttp, config, { providers: answering({}) }), NodeError);
  assertEquals(error.code, "node_config_invalid");
});

Deno.test("http logs host and status, and no secret", async () => {
  const lines: LoggedLine[] = [];
  const config = {
    url: "https://api.example.com/path-secret?query=secret",
    headers: { "X-Secret": "secret" },
    auth: { type: "bearer", token: "secret" },
    method: "POST",
    body: { type: "text", value: "secret" },
  };
  await runNode(actionHttp, config, testContext({ providers: answering({}) }, lines));
  await assertRejects(() =>
    runNode(
      actionHttp,
      { ...config, url: "http://127.0.0.1/secret" },
      testContext({
        providers: createProviders({
          egressAllow: [],
          resendApiKey: null,
          resendBaseUrl: null,
          emailFrom: "a@b.example",
        }),
      }, lines),
    )
  );
  assertEquals(lines.map((line) => line.action), ["node.http", "node.http.failed"]);
  assertEquals(JSON.stringify(lines).includes("secret"), false);
});

Deno.test("http is guarded: an inside address fails for good with blocked_address", async () => {
  const providers = createProviders({
    egressAllow: [],
    resendApiKey: null,
    resendBaseUrl: null,
    emailFrom: "a@b.example",
  });
  for (
    const url of [
      "http://127.0.0.1:54321/",
      "http://169.254.169.254/latest/meta-data/",
      "http://[::ffff:10.0.0.1]/",
      "http://2130706433/",
      "http://user@example.com/",
      "file:///etc/passwd",
      "FILE:/etc/passwd",
      "gopher://127.0.0.1:6379/_INFO",
      "data:text/plain,hello",
      "ftp://example.com/",
      "javascript:alert(1)",
    ]
  ) {
    const error = await assertRejects(() => run(actionHttp, { url }, { providers }), NodeError);
    assertEquals([error.code, error.retryable], ["blocked_address", false], url);
  }
});

Deno.test("http calls an address without a scheme a mistake and not an attack", async () => {
  for (
    const url of ["example.com", "example.com:8080/orders", "localhost:80", "//example.com", "http:example.com", "x"]
  ) {
    const error = await assertRejects(() => run(actionHttp, { url }), NodeError);
    assertEquals(error.code, "node_config_invalid", url);
    assertEquals(error.message, "url: Write a URL that begins with https:// or http://");
  }
});

Deno.test("http with a literal URL that nobody may call does not compile, and the problem says why", () => {
  assertEquals(nodeCatalog.get("action.http")?.checkConfig({ url: "file:///etc/passwd" }), [
    { path: ["url"], code: "blocked_address", message: "Only http and https can be called, not file:" },
  ]);
});

Deno.test("http reaches a server that the operator exempted, for real", async () => {
  const { promise: listening, resolve: onListen } = Promise.withResolvers<Deno.NetAddr>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen },
    async (request) =>
      Response.json({ got: await request.json(), key: request.headers.get("idempotency-key") }, { status: 201 }),
  );
  const { port } = await listening;
  const providers = createProviders({
    egressAllow: [`127.0.0.1:${port}`],
    resendApiKey: null,
    resendBaseUrl: null,
    emailFrom: "a@b.example",
  });
  const { output } = await run(actionHttp, {
    method: "POST",
    url: `http://127.0.0.1:${port}/orders`,
    body: { type: "json", value: { n: 1 } },
  }, { providers, idempotencyKey: "k-9" });
  assertEquals((output as JsonObject)["body"], { got: { n: 1 }, key: "k-9" });
  assertEquals((output as JsonObject)["status"], 201);
  await server.shutdown();
});

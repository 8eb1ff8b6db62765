import { assert, assertEquals, assertRejects } from "../../../tests/helpers/assert.ts";
import type { JsonObject } from "../../graph/mod.ts";
import { type HttpRequest, NodeError } from "../../providers/mod.ts";
import { noProviders, run } from "../_test_context.ts";
import { actionHttp } from "../action_http.ts";
import type { NodeResult } from "../types.ts";

const CALLBACK = "https://hooks.example.com/callbacks/1";

async function ask(config: JsonObject, answer: { status?: number; text?: string } = {}) {
  const sent: HttpRequest[] = [];
  const http = {
    request(request: HttpRequest) {
      sent.push(request);
      return Promise.resolve({
        status: answer.status ?? 202,
        statusText: "",
        headers: { "content-type": "application/json" },
        body: new TextEncoder().encode(answer.text ?? '{"job":7}'),
        url: request.url,
        redirects: 0,
      });
    },
  };
  const result = await run(actionHttp, { url: "https://api.example.com/jobs", method: "POST", ...config }, {
    providers: { ...noProviders(), http },
  });
  return { sent: sent[0], result };
}

const resume = (first: NodeResult, by: "callback" | "timeout", config: JsonObject = { awaitCallback: {} }) => {
  assert(first.wait);
  const resolution = { by, data: by === "callback" ? { done: true } : null, wait: first.wait };
  return run(actionHttp, { url: "https://api.example.com/jobs", ...config }, { resolution });
};

Deno.test("http tells nobody a callback URL unless it waits for one", async () => {
  const { sent, result } = await ask({});
  assertEquals([sent?.headers?.["x-millrace-callback-url"], result.wait], [undefined, undefined]);
});

Deno.test("http that awaits a callback sends its URL and waits after an answer of 2xx", async () => {
  const { sent, result } = await ask({
    headers: { "x-millrace-callback-url": "https://evil.example" },
    awaitCallback: { timeoutSeconds: 60 },
  });
  assertEquals(sent?.headers?.["x-millrace-callback-url"], CALLBACK);
  assertEquals([result.output, result.wait?.kind, result.wait?.seconds], [null, "callback", 60]);
  assert(!JSON.stringify(result.wait).includes(CALLBACK), "the URL is a credential");
});

Deno.test("http gives the answer and what was called back, and sends nothing again", async () => {
  const { result } = await ask({ awaitCallback: {} });
  const resumed = await resume(result, "callback");
  assertEquals(resumed.handles, ["out"]);
  assertEquals(resumed.output, {
    status: 202,
    headers: { "content-type": "application/json" },
    body: { job: 7 },
    url: "https://api.example.com/jobs",
    redirects: 0,
    callback: { done: true },
  });
  assert(actionHttp.outputSchema.safeParse(resumed.output).success);
});

Deno.test("http goes on at timeout when nobody calls back", async () => {
  const { result } = await ask({ awaitCallback: { timeoutSeconds: 5 } });
  const { output, handles } = await resume(result, "timeout");
  assertEquals([handles, (output as JsonObject)["timed_out"], (output as JsonObject)["status"]], [
    ["timeout"],
    true,
    202,
  ]);
  assertEquals(actionHttp.handles?.({ awaitCallback: { timeoutSeconds: 5 } }), ["out", "timeout"]);
  assertEquals(actionHttp.handles?.({ awaitCallback: {} }), ["out"]);
});

Deno.test("http waits for nobody who did not say yes", async () => {
  const config = { awaitCallback: { timeoutSeconds: 5 }, failOn: ["5xx"] };
  const { result } = await ask(config, { status: 404 });
  assertEquals([result.wait, result.handles, (result.output as JsonObject)["status"]], [undefined, ["out"], 404]);
  const error = await assertRejects(() => ask(config, { status: 503 }), NodeError);
  assertEquals(error.code, "http_error");
});

Deno.test("http leaves a large body out while it waits", async () => {
  const { result } = await ask({ awaitCallback: {} }, { text: JSON.stringify("x".repeat(20_000)) });
  const { output } = await resume(result, "callback");
  const { body, body_left_out, callback } = output as JsonObject;
  assertEquals([body, body_left_out, callback], [null, true, { done: true }]);
  assert(JSON.stringify(result.wait).length < 1_000);
});

import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { AppError } from "../errors/mod.ts";
import type { HttpRequest } from "../providers/mod.ts";
import { noProviders } from "./_test_context.ts";
import { testNode } from "./test_node.ts";

Deno.test("testNode() resolves expressions against the sample and gives what the node gives", async () => {
  const result = await testNode("logic.if", {
    conditions: [{ left: "{{ steps.price.output.total }}", operator: "greater", right: "{{ trigger.limit }}" }],
  }, { trigger: { limit: 10 }, steps: { price: { total: 12 } } });
  assertEquals(result.status, "completed");
  assertEquals(result.config, { conditions: [{ left: 12, operator: "greater", right: 10 }] });
  assertEquals([result.output, result.handles, result.stop, result.error], [{ result: true }, ["true"], null, null]);
  assert(result.durationMs >= 0);
});

Deno.test("testNode() feeds the sample's steps to a node that joins", async () => {
  const result = await testNode("logic.merge", { combine: "by_node" }, { steps: { a: 1, b: [2] } });
  assertEquals(result.output, { a: 1, b: [2] });
  assertEquals(result.handles, ["out"]);
});

Deno.test("testNode() reports faults of the config with their paths", async () => {
  const result = await testNode("logic.stop", { status: "{{ trigger }}" }, { trigger: "maybe" });
  assertEquals([result.status, result.error?.code, result.config], ["failed", "node_config_invalid", {
    status: "maybe",
  }]);
  assert(JSON.stringify(result.error?.details).includes('"path":["status"]'));
});

Deno.test("testNode() reports an expression that cannot be parsed", async () => {
  const result = await testNode("logic.stop", { output: { a: ["{{ 1 + }}"] } }, {});
  assertEquals([result.status, result.error?.code, result.config], ["failed", "expression_invalid", null]);
  assert(JSON.stringify(result.error?.details).includes('"path":["output","a",0]'));
});

Deno.test("testNode() lets no effect happen unless it is given providers", async () => {
  const refused = await testNode("action.http", { url: "https://example.com" }, {});
  assertEquals([refused.status, refused.error?.code], ["failed", "provider_error"]);
  const email = { name: "test", send: () => Promise.resolve({ id: "m" }) };
  const sent = await testNode("communication.email", { to: "a@b.example", subject: "s", text: "t" }, {}, {
    providers: { ...noProviders(), email },
  });
  assertEquals(sent.output, { id: "m", provider: "test", to: ["a@b.example"] });
});

Deno.test("testNode() ends a node that takes too long, even one that does not listen", async () => {
  const email = { name: "test", send: () => new Promise<{ id: string }>(() => {}) };
  const result = await testNode("communication.email", { to: "a@b.example", subject: "s", text: "t" }, {}, {
    providers: { ...noProviders(), email },
    timeoutSeconds: 0.02,
  });
  assertEquals([result.status, result.error?.code], ["failed", "step_timeout"]);
});

Deno.test("testNode() throws not_found for an unknown type", async () => {
  const error = await assertRejects(() => testNode("action.nope", {}, {}), AppError);
  assertEquals(error.code, "not_found");
});

Deno.test("testNode() shows a stop and no live handle after it", async () => {
  const result = await testNode("logic.stop", { status: "failed", message: "No" }, {});
  assertEquals([result.status, result.stop, result.handles], ["completed", { status: "failed", message: "No" }, []]);
});

Deno.test("testNode() shows what a node would wait for, and what it gives once that has come", async () => {
  const config = { mode: "callback", title: "Order {{ trigger.id }}", timeoutSeconds: 60 };
  const first = await testNode("logic.wait", config, { trigger: { id: 7 } });
  assertEquals([first.status, first.output, first.handles], ["waiting", null, []]);
  assertEquals(first.wait, { kind: "callback", seconds: 60, data: { title: "Order 7" } });
  const then = await testNode("logic.wait", config, { resolution: { by: "timeout", data: null } });
  assertEquals([then.status, then.output, then.handles, then.wait], [
    "completed",
    { timed_out: true },
    ["timeout"],
    null,
  ]);
});

Deno.test("testNode() shows the run that a node would start", async () => {
  const flowId = crypto.randomUUID();
  const { status, start } = await testNode("logic.subflow", { flowId, mode: "forget" }, {});
  assertEquals([status, start], ["waiting", { flowId, input: {}, wait: false }]);
});

Deno.test("testNode() shows what would go through a region, and what its closer makes of the items", async () => {
  const items = Array.from({ length: 50 }, (_, index) => index);
  const split = await testNode("logic.splitter", { items: "{{ trigger }}" }, { trigger: items });
  assertEquals([split.status, split.handles], ["waiting", ["out"]]);
  assertEquals(split.open, { total: 50, items: items.slice(0, 20), window: 10, more: false });
  const loop = await testNode("logic.loop.foreach", { items: [1] }, {});
  assertEquals([loop.status, loop.handles, loop.open?.total], ["waiting", ["body"], 1]);
  const region = { total: 1, items: [{ index: 0, status: "completed" as const, value: "a" }] };
  const closed = await testNode("logic.loop.foreach", { items: [1] }, { region });
  assertEquals([closed.status, closed.handles, closed.output], ["completed", ["done"], {
    count: 1,
    items: ["a"],
    last: "a",
  }]);
  assertEquals((await testNode("logic.loop.break", {}, {})).break, true);
});

Deno.test("testNode() evaluates a while loop with what the iteration before gave", async () => {
  const config = { condition: "{{ index < 2 && item != 'end' }}" };
  const test = async (again?: { index: number; last: string }) => {
    const { open } = await testNode("logic.loop.while", config, again === undefined ? {} : { again });
    return [open?.items, open?.more];
  };
  assertEquals(await test(), [[null], true]);
  assertEquals(await test({ index: 0, last: "a" }), [["a"], true]);
  assertEquals(await test({ index: 0, last: "end" }), [[], false]);
  assertEquals(await test({ index: 1, last: "a" }), [[], false]);
});

Deno.test("testNode() gives away a callback URL at which nobody answers", async () => {
  const sent: string[] = [];
  const http = {
    request(request: HttpRequest) {
      sent.push(request.headers?.["x-millrace-callback-url"] ?? "");
      return Promise.resolve({
        status: 202,
        statusText: "",
        headers: {},
        body: new Uint8Array(),
        url: request.url,
        redirects: 0,
      });
    },
  };
  const providers = { ...noProviders(), http };
  const { status, wait } = await testNode("action.http", { url: "https://example.com", awaitCallback: {} }, {}, {
    providers,
  });
  assertEquals([status, wait?.kind, sent], ["waiting", "callback", ["https://callback.invalid/test"]]);
});

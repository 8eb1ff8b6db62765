import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { AppError } from "../errors/mod.ts";
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

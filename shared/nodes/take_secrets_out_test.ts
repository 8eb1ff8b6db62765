import { assertEquals } from "../../tests/helpers/assert.ts";
import type { JsonObject } from "../graph/mod.ts";
import { takeSecretsOut } from "./take_secrets_out.ts";

function open(config: JsonObject, type = "action.http") {
  const { config: kept, removed } = takeSecretsOut(type, config);
  return [kept, removed.map((path) => path.join("."))];
}

Deno.test("takeSecretsOut() leaves out secrets by name and by the node type's word, and says where", () => {
  assertEquals(
    open({
      url: "https://api.example.com/v1",
      headers: { Authorization: "Bearer abc", Accept: "text/plain" },
      auth: { type: "header", name: "X-Key", value: "s3cret" },
    }),
    [
      { url: "https://api.example.com/v1", headers: { Accept: "text/plain" }, auth: { type: "header", name: "X-Key" } },
      ["headers.Authorization", "auth.value"],
    ],
  );
  assertEquals(open({ list: [{ password: "p", user: "ada" }], credentials: { a: 1 }, max_tokens: 5 }, "no.such"), [
    { list: [{ user: "ada" }], max_tokens: 5 },
    ["list.0.password", "credentials"],
  ]);
});

Deno.test("takeSecretsOut() keeps expressions, which say where a secret comes from", () => {
  const config = {
    auth: { type: "bearer", token: "{{ trigger.body.token }}" },
    headers: { Authorization: "Bearer {{ trigger.token }}", "X-Api-Key": "{{ {a: {b: trigger.k}}.a.b }}" },
    query: { token: "" },
    url: "https://example.com/?key={{ trigger.key }}&page=2",
  };
  assertEquals(open(config), [config, []]);
  assertEquals(open({ token: "abc{{ trigger.x }}", password: "\\{{ trigger.x }}", secret: "{{ 1 + }}" }), [
    {},
    ["token", "password", "secret"],
  ]);
});

Deno.test("takeSecretsOut() takes what looks like a secret out of other text", () => {
  const key = ["sk", "live", "4242424242424242"].join("_");
  assertEquals(open({ url: "https://example.com/?key=abc&page={{ trigger.page }}", note: `use ${key} here` }), [
    { url: "https://example.com/?key=[redacted]&page={{ trigger.page }}", note: "use [redacted] here" },
    ["url", "note"],
  ]);
});

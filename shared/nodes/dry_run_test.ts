import { assert, assertEquals, assertThrows } from "../../tests/helpers/assert.ts";
import type { Json, JsonObject } from "../graph/mod.ts";
import { NodeError } from "../providers/mod.ts";
import { describeEffect, dryRunResult, pinnedResult } from "./dry_run.ts";
import { getNode } from "./registry.ts";
import type { AnyNode } from "./types.ts";

function nodeOf(type: string): AnyNode {
  const node = getNode(type);
  assert(node, type);
  return node;
}

function described(config: JsonObject): Json {
  const { would } = describeEffect(nodeOf("action.http"), config) as { would: { type: string; config: Json } };
  assertEquals(would.type, "action.http");
  return would.config;
}

Deno.test("describeEffect() says what an effect would do", () => {
  const config = { to: "ada@example.com", subject: "Hello", text: "You have 3 tokens" };
  assertEquals(describeEffect(nodeOf("communication.email"), config), {
    dry_run: true,
    would: { type: "communication.email", config },
  });
});

Deno.test("describeEffect() shows no secret, whatever it is called", () => {
  assertEquals(described({ auth: { type: "header", name: "X-Key", value: "hush" } }), {
    auth: { type: "header", name: "X-Key", value: "[redacted]" },
  });
  assertEquals(described({ auth: { type: "basic", username: "ada", password: "hush" } }), {
    auth: { type: "basic", username: "ada", password: "[redacted]" },
  });
  const text = JSON.stringify(described({
    auth: { type: "bearer", token: "hush" },
    headers: { "X-Auth-Token": "hush", "x-api-key": "hush", Cookie: "a=hush", Authorization: "Basic hush" },
    url: "https://ada:hush-hush@example.com/?key=hush&page=2&access_token=hush#top",
    body: { type: "json", value: [{ client_secret: "hush", deep: { credentials: { user: "hush" } } }] },
    query: { api_key: ["hush"] },
  }));
  assert(!text.includes("hush"), text);
  assert(text.includes("page=2") && text.includes("#top"), text);
});

Deno.test("describeEffect() leaves numbers and what is no secret alone, and does not write to the config", () => {
  const config = { body: { max_tokens: 50, tokenCount: 2, keyboard: "de" }, note: null };
  const before = structuredClone(config);
  assertEquals(described(config), before);
  assertEquals(config, before);
});

Deno.test("dryRunResult() goes on at the first handle", () => {
  assertEquals(dryRunResult(nodeOf("logic.wait"), { mode: "approval", timeoutSeconds: 5 }), {
    output: { dry_run: true, would: { type: "logic.wait", config: { mode: "approval", timeoutSeconds: 5 } } },
    handles: ["approved"],
  });
});

Deno.test("dryRunResult() fails on a config that does not fit, as a run would", () => {
  const error = assertThrows(() => dryRunResult(nodeOf("action.http"), { url: "example" }), NodeError);
  assertEquals(error.code, "node_config_invalid");
});

Deno.test("pinnedResult() goes on where the output belongs", () => {
  const wait = { mode: "approval", timeoutSeconds: 5 };
  const cases: [string, JsonObject, Json, string[]][] = [
    ["logic.wait", wait, { decision: "rejected" }, ["rejected"]],
    ["logic.wait", wait, { timed_out: true }, ["timeout"]],
    ["logic.wait", { mode: "approval" }, { timed_out: true }, ["approved"]],
    ["logic.wait", { mode: "signal" }, { data: 1 }, ["out"]],
    ["logic.if", {}, { result: false }, ["false"]],
    ["logic.if", {}, { result: true }, ["true"]],
    ["logic.switch", { cases: [{ name: "a" }, { name: "b" }] }, { matched: ["b", "zzz", 1] }, ["b"]],
    ["logic.switch", { cases: [{ name: "a" }] }, null, ["default"]],
    ["action.http", {}, { status: 200 }, ["out"]],
    ["action.http", { awaitCallback: { timeoutSeconds: 5 } }, { timed_out: true }, ["timeout"]],
    ["logic.loop.for", {}, { items: [] }, ["done"]],
    ["logic.stop", {}, null, []],
  ];
  for (const [type, config, output, handles] of cases) {
    const what = JSON.stringify([type, config, output]);
    assertEquals(pinnedResult(nodeOf(type), config, output), { output, handles }, what);
  }
});

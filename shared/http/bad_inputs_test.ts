/**
 * Every bad input that the doors are tried with, over HTTP: a stable code, never a 5xx, and nothing reaches the
 * business call.
 */
import { z } from "zod";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { fakeDataApi, testOptions, userHeaders } from "../../tests/helpers/http.ts";
import { createApp, createRouter, defineRoute, idParams } from "./mod.ts";

const save = defineRoute({
  method: "post",
  path: "/:id",
  operationId: "save",
  summary: "s",
  tags: ["t"],
  access: { user: "flows:write" },
  request: { params: idParams, body: z.object({ data: z.unknown() }), uniqueKeys: true },
  responses: { 200: { description: "Saved" } },
}, () => {
  throw new Error("The handler was reached");
});

const ID = "0193a000-0000-7000-8000-0000000000ff";
const LIMIT = 1_048_576;

async function send(body: BodyInit | null, headers: Record<string, string> = {}, path = `/t/${ID}`): Promise<string> {
  const app = createApp("t", createRouter("t", [save]), testOptions(fakeDataApi()));
  const response = await app.request(path, {
    method: "POST",
    body,
    headers: { ...await userHeaders(), "Content-Type": "application/json", ...headers },
  });
  const problem = await response.json() as { code: string; request_id: string };
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  assertEquals(problem.request_id, response.headers.get("x-request-id"));
  return `${response.status} ${problem.code}`;
}

function chunked(size: number): ReadableStream<Uint8Array> {
  let left = size;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      controller.enqueue(new Uint8Array(Math.min(left, 65_536)).fill(32));
      left -= 65_536;
    },
  });
}

async function gzip(text: string): Promise<ArrayBuffer> {
  return await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

const bytes = (...values: number[]) => new Uint8Array([0x7b, 0x22, 0x64, 0x22, 0x3a, 0x22, ...values, 0x22, 0x7d]);
const data = (json: string) => `{"data":${json}}`;

const CASES: [name: string, body: () => BodyInit | null | Promise<BodyInit>, expected: string][] = [
  ["no body", () => null, "400 invalid_request"],
  ["an empty body", () => "", "400 invalid_request"],
  ["white space", () => " \n", "400 invalid_request"],
  ["a list", () => "[]", "400 invalid_request"],
  ["null", () => "null", "400 invalid_request"],
  ["an unknown property", () => '{"data":1,"admin":true}', "400 invalid_request"],
  ["half a document", () => '{"data":', "400 invalid_json"],
  ["a comment", () => '{"data":1} // x', "400 invalid_json"],
  ["one byte over the limit", () => " ".repeat(LIMIT + 1), "413 payload_too_large"],
  ["one byte over the limit, chunked", () => chunked(LIMIT + 1), "413 payload_too_large"],
  ["a hundred mebibytes, chunked", () => chunked(100 * LIMIT), "413 payload_too_large"],
  ["depth 65", () => data("[".repeat(64) + "]".repeat(64)), "400 invalid_json"],
  ["depth 500,000", () => "[".repeat(500_000) + "]".repeat(500_000), "400 invalid_json"],
  ["depth 500,000, open", () => "[".repeat(500_000), "400 invalid_json"],
  ["invalid UTF-8", () => bytes(0xff, 0xfe), "400 invalid_json"],
  ["an overlong UTF-8 sequence", () => bytes(0xc0, 0xaf), "400 invalid_json"],
  ["a surrogate in UTF-8", () => bytes(0xed, 0xa0, 0x80), "400 invalid_json"],
  ["a raw NUL", () => bytes(0), "400 invalid_json"],
  ["an escaped NUL", () => data('"a\\u0000b"'), "400 invalid_json"],
  ["a lone surrogate", () => data('"\\ud800"'), "400 invalid_json"],
  ["a duplicate key", () => data('{"amount":1,"amount":2}'), "400 invalid_json"],
  ["9007199254740993", () => data("9007199254740993"), "400 invalid_json"],
  ["1e400", () => data("1e400"), "400 invalid_json"],
  ["__proto__", () => data('{"__proto__":{"admin":true}}'), "400 invalid_json"],
  ["__proto__ at the top", () => '{"data":1,"__proto__":{"admin":true}}', "400 invalid_json"],
  ["constructor.prototype", () => data('{"constructor":{"prototype":{"admin":true}}}'), "400 invalid_json"],
];

for (const [name, body, expected] of CASES) {
  Deno.test(`POST with ${name} is ${expected}`, async () => {
    assertEquals(await send(await body()), expected);
    assertEquals(({} as { admin?: boolean }).admin, undefined);
  });
}

const TYPES = ["text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""];
for (
  const type of [...TYPES, "application/jsonp", "application/json; charset=utf-16", "application/json, text/plain"]
) {
  Deno.test(`POST of JSON as "${type}" is 415`, async () => {
    assertEquals(await send(data("1"), { "Content-Type": type }), "415 unsupported_media_type");
  });
}

Deno.test("JSON is taken by all its names", async () => {
  for (
    const type of ["application/json;charset=UTF-8", "APPLICATION/JSON", 'application/vnd.api+json; charset="utf-8"']
  ) {
    assertEquals(await send(data("1"), { "Content-Type": type }), "500 internal", "the handler is reached");
  }
});

Deno.test("a compressed bomb is 413, another encoding 415", async () => {
  const headers = { "Content-Encoding": "gzip" };
  assertEquals(await send(await gzip(data(`"${"a".repeat(20_000_000)}"`)), headers), "413 payload_too_large");
  assertEquals(await send("rubbish", headers), "400 invalid_json");
  assertEquals(await send(data("1"), { "Content-Encoding": "br" }), "415 unsupported_media_type");
});

Deno.test("bad ids in the path are 400 or 404", async () => {
  const ids = ["1", "null", "%00", `${ID}%00`, "..%2f..%2fetc", "%E0%A4%A", `${ID}'--`, "x".repeat(5_000), "%", "🦊"];
  for (const id of ids) {
    const outcome = await send(data("1"), {}, `/t/${id}`);
    assert(["400 invalid_request", "404 not_found"].includes(outcome), `${id}: ${outcome}`);
  }
});

Deno.test("bad headers are 4xx", async () => {
  assertEquals(await send(data("1"), { "X-Organization-Id": "x" }), "400 invalid_request");
  assertEquals(await send(data("1"), { "Content-Length": "99999999999999999999" }), "413 payload_too_large");
  assertEquals(await send(data("1"), { Authorization: "Bearer ".padEnd(20_000, "x") }), "401 unauthorized");
  assertEquals(await send(data("1"), { Authorization: "Digest x" }), "401 unauthorized");
});

Deno.test("strings and numbers at random never give a 5xx", async () => {
  const pieces = [
    '"',
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\\",
    "\\u00",
    "1",
    "e9",
    "-",
    ".",
    "null",
    "__proto__",
    "\n",
    " ",
    "ä",
  ];
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
  for (let round = 0; round < 300; round++) {
    const text = Array.from({ length: random(30) + 1 }, () => pieces[random(pieces.length)]).join("");
    const outcome = await send(text);
    assert(outcome.startsWith("400 "), `${JSON.stringify(text)}: ${outcome}`);
  }
});

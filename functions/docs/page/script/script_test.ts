import { assert, assertEquals, assertStringIncludes } from "../../../../tests/helpers/assert.ts";
import { DOM } from "./dom.ts";
import { MAIN } from "./main.ts";
import { SCRIPT } from "./mod.ts";
import { SAMPLES } from "./samples.ts";
import { SCHEMA } from "./schema.ts";

interface Operation {
  security: Record<string, string[]>[];
  responses: Record<string, unknown>;
}

interface SampleRequest {
  method: string;
  path: string;
  query: [string, string][];
  headers: [string, string][];
  body: string | null;
}

type MakeSample = (request: SampleRequest, operation: Operation) => string;

interface Parts {
  resolve(value: unknown): { value: unknown; name: string | null };
  typeText(schema: unknown): string;
  limitsText(schema: unknown): string;
  exampleOf(schema: unknown): unknown;
  curlSample: MakeSample;
  jsSample: MakeSample;
  pythonSample: MakeSample;
}

const API = {
  components: {
    schemas: {
      Tree: {
        type: "object",
        required: ["name"],
        properties: {
          name: { type: "string" },
          children: { type: "array", items: { $ref: "#/components/schemas/Tree" } },
        },
      },
      Loop: { $ref: "#/components/schemas/Loop" },
    },
  },
};

const SESSION = { server: "https://abc.supabase.co/functions/v1", key: "", token: "", organization: "" };
const USER: Operation = { security: [{ userToken: [] }], responses: { 200: {} } };

const parts = run<Parts>(
  [DOM, SCHEMA, SAMPLES].join("\n"),
  "resolve, typeText, limitsText, exampleOf, curlSample, jsSample, pythonSample",
);

/** Runs a part of the page's script with a document and a session, and gives some of its functions. */
function run<T>(script: string, names: string): T {
  const make = new Function("api", "session", `"use strict";\n${script}\nreturn { ${names} };`);
  return make(API, SESSION) as T;
}

function request(given: Partial<SampleRequest>): SampleRequest {
  return { method: "GET", path: "/flows", query: [], headers: [], body: null, ...given };
}

Deno.test("the page's script is valid, and ends no script element", () => {
  new Function(SCRIPT);
  assert(!/<\/script|<!--/i.test(SCRIPT));
  assertStringIncludes(SCRIPT, MAIN);
});

Deno.test("typeText() names types as people do", () => {
  const cases: [unknown, string][] = [
    [{ type: "string", format: "uuid" }, "UUID"],
    [{ type: ["string", "null"], format: "uuid" }, "UUID or null"],
    [{ type: "array", items: { $ref: "#/components/schemas/Tree" } }, "list of Tree"],
    [{ anyOf: [{ type: "integer" }, { type: "null" }] }, "integer or null"],
    [{ const: "ok" }, '"ok"'],
    [{}, "any"],
    [{ $ref: "#/components/schemas/Loop" }, "Loop"],
    [{ $ref: "#/components/schemas/Missing" }, "Missing"],
  ];
  for (const [schema, text] of cases) assertEquals(parts.typeText(schema), text);
});

Deno.test("limitsText() tells bounds, and not those of every integer", () => {
  assertEquals(parts.limitsText({ minimum: 1, maximum: 100, default: 50 }), "1 to 100 · default 50");
  assertEquals(parts.limitsText({ maxLength: 200 }), "at most 200 characters");
  assertEquals(parts.limitsText({ type: "integer", minimum: -9007199254740991, maximum: 9007199254740991 }), "");
  assertEquals(parts.limitsText({ enum: ["a", "b"] }), 'one of "a", "b"');
});

Deno.test("exampleOf() takes what is given, makes up the rest, and ends where a schema does not", () => {
  assertEquals(parts.exampleOf({ type: "object", properties: { a: { type: "string", examples: ["x"] } } }), { a: "x" });
  assertEquals(parts.exampleOf({ type: "object", examples: [{ b: 1 }], properties: { a: {} } }), { b: 1 });
  assertEquals(parts.exampleOf({ anyOf: [{ type: "null" }, { type: "boolean" }] }), true);
  assert(JSON.stringify(parts.exampleOf({ $ref: "#/components/schemas/Tree" })).length < 500);
  assertEquals(parts.exampleOf({ $ref: "#/components/schemas/Loop" }), {});
});

Deno.test("curlSample() survives quotes, and carries no token", () => {
  const body = `{"name": "It's 5 o'clock"}`;
  const text = parts.curlSample(request({ method: "POST", headers: [["If-Match", '"v1"']], body }), USER);
  assertStringIncludes(text, `curl -X POST "https://abc.supabase.co/functions/v1/flows"`);
  assertStringIncludes(text, `-H 'If-Match: "v1"'`);
  assertStringIncludes(text, `-d '{"name": "It'\\''s 5 o'\\''clock"}'`);
  assertStringIncludes(text, '"Authorization: Bearer $ACCESS_TOKEN"');
});

Deno.test("jsSample() calls the function by its name, with path and query", () => {
  const text = parts.jsSample(request({ path: "/flows/1", query: [["q", "a b&c"]] }), USER);
  assertStringIncludes(text, 'supabase.functions.invoke("flows/1?q=a%20b%26c", {');
  assertStringIncludes(text, 'createClient("https://abc.supabase.co"');
});

Deno.test("pythonSample() writes JSON as Python does", () => {
  const text = parts.pythonSample(
    request({ method: "PATCH", body: '{"a": true, "b": null, "c": [], "d": [1]}' }),
    USER,
  );
  assertStringIncludes(text, "requests.patch(");
  assertStringIncludes(text, '"a": True,');
  assertStringIncludes(text, '"b": None,');
  assertStringIncludes(text, '"c": [],');
});

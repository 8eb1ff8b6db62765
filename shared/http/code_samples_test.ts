import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { type CodeSample, codeSamples, type SampleRequest } from "./code_samples.ts";

const REQUEST: SampleRequest = {
  server: "https://abc.supabase.co/functions/v1",
  method: "POST",
  path: "/flows/{id}/run",
  params: { id: "a b" },
  query: [["wait", "5"], ["q", "a&b"]],
  headers: [["Idempotency-Key", "order-1042"], ["Millrace-Version", "2026-11-21"]],
  body: { note: "It's 5 o'clock", ok: true, none: null, list: [1], empty: {} },
  auth: "key",
};

function sources(request: SampleRequest): Record<string, string> {
  return Object.fromEntries(codeSamples(request).map(({ label, source }) => [label, source]));
}

Deno.test("codeSamples() survives quotes in curl, and fills path and query in", () => {
  const { curl = "" } = sources(REQUEST);
  assertStringIncludes(curl, `curl -X POST "${REQUEST.server}/flows/a%20b/run?wait=5&q=a%26b"`);
  assertStringIncludes(curl, `It'\\''s 5 o'\\''clock`);
  assertStringIncludes(curl, `-H "Authorization: Bearer $MILLRACE_API_KEY"`);
  assertStringIncludes(curl, `-H 'Idempotency-Key: order-1042'`);
});

Deno.test("codeSamples() calls the typed client with its own options", () => {
  const { TypeScript = "" } = sources(REQUEST);
  assertStringIncludes(TypeScript, `millrace.request("POST /flows/{id}/run", {`);
  assertStringIncludes(TypeScript, `params: {\n    "id": "a b"\n  },`);
  assertStringIncludes(TypeScript, `idempotencyKey: "order-1042",`);
  assertStringIncludes(TypeScript, `headers: {\n    "Millrace-Version": "2026-11-21"\n  },`);
  assertStringIncludes(TypeScript, "apiKey: process.env.MILLRACE_API_KEY");
});

Deno.test("codeSamples() invokes functions by name with supabase-js, below api too", () => {
  assertStringIncludes(sources(REQUEST)["supabase-js"] ?? "", `functions.invoke("flows/a%20b/run?wait=5&q=a%26b", {`);
  const mounted = sources({ ...REQUEST, server: `${REQUEST.server}/api/v1`, query: [] });
  assertStringIncludes(mounted["supabase-js"] ?? "", `functions.invoke("api/v1/flows/a%20b/run", {`);
  assertStringIncludes(mounted["supabase-js"] ?? "", `createClient("https://abc.supabase.co", process.env`);
});

Deno.test("codeSamples() writes JSON as Python does", () => {
  const { Python = "" } = sources(REQUEST);
  for (const text of ['"ok": True,', '"none": None,', '"empty": {},', "requests.post("]) {
    assertStringIncludes(Python, text);
  }
  assertStringIncludes(Python, `"Authorization": f"Bearer {os.environ['MILLRACE_API_KEY']}",`);
});

Deno.test("codeSamples() says who calls, or nobody", () => {
  assertStringIncludes(sources({ ...REQUEST, auth: "user" }).curl ?? "", "apikey: $SUPABASE_PUBLISHABLE_KEY");
  assertStringIncludes(sources({ ...REQUEST, auth: "secret" }).TypeScript ?? "", "secretKey: process.env");
  for (const text of Object.values(sources({ ...REQUEST, auth: "none", headers: [] }))) {
    assert(!/Bearer|apikey|apiKey|signIn/.test(text), text);
  }
});

Deno.test("codeSamples() works as text, as the page takes it along", () => {
  const alone = new Function(`"use strict"; return ${codeSamples.toString()};`)() as (r: SampleRequest) => CodeSample[];
  assertEquals(alone(REQUEST), codeSamples(REQUEST));
});

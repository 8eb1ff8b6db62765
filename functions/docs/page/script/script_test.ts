import { assert, assertEquals, assertStringIncludes } from "../../../../tests/helpers/assert.ts";
import { DATA } from "./data.ts";
import { DOM } from "./dom.ts";
import { GUIDE } from "./guide.ts";
import { MAIN } from "./main.ts";
import { MARKDOWN } from "./markdown.ts";
import { SCRIPT } from "./mod.ts";
import { NAVIGATION } from "./navigation.ts";
import { OPERATION } from "./operation.ts";
import { SCHEMA } from "./schema.ts";
import { SESSION } from "./session.ts";

interface Session {
  mode: string;
  apiKey: string;
  publishableKey: string;
  token: string;
  organization: string;
  server: string;
  keep: boolean;
}

interface Block {
  kind: string;
  [name: string]: unknown;
}

interface Parts {
  resolve(value: unknown): { value: unknown; name: string | null };
  typeText(schema: unknown): string;
  limitsText(schema: unknown): string;
  blocksOf(text: string): Block[];
  chapters: { title: string; slug: string; blocks: Block[] }[];
  linkOf(text: string): string | null;
  searchResults(query: string): { pages: { href: string }[]; operations: { id: string }[] };
  session: Session;
  keepSession(): void;
  requestHeaders(operation: { security: unknown[] }): Record<string, string>;
}

const SCHEMAS = {
  Tree: {
    type: "object",
    required: ["name"],
    properties: {
      name: { type: "string" },
      children: { type: "array", items: { $ref: "#/components/schemas/Tree" } },
    },
  },
  Loop: { $ref: "#/components/schemas/Loop" },
};

const SITE = {
  openapi: "3.1.0",
  info: {
    title: "T",
    version: "1",
    description: "Lead\n\n## First steps\n\nSee https://abc.supabase.co/functions/v1.\n",
  },
  servers: [{ url: "https://abc.supabase.co/functions/v1" }],
  tags: [{ name: "flows", description: "Graphs" }],
  operations: [
    ["listFlows", "GET", "/flows", "List flows", "flows", false],
    ["createFlow", "POST", "/flows", "Create a flow", "flows", false],
    ["runFlow", "POST", "/flows/{id}/run", "Run a flow", "flows", false],
  ],
  webhooks: ["stripe"],
  errors: [{ code: "not_found", status: 404, title: "No such thing", meaning: "None.", remedy: "Check the id." }],
  stepErrors: [],
  changelog: [],
};

/** What the page asks of a browser before anything is shown. */
function browser(address: string) {
  const kept = new Map<string, string>();
  const element = { textContent: "", className: "" };
  return {
    location: new URL(address),
    sessionStorage: {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => kept.set(name, value),
      removeItem: (name: string) => kept.delete(name),
    },
    document: {
      getElementById: (id: string) =>
        id === "document" ? null : id === "site" ? { textContent: JSON.stringify(SITE) } : element,
    },
    kept,
  };
}

const ADDRESS = "https://api.example.com/functions/v1/docs?x=1#listFlows";
const page = browser(ADDRESS);
const parts = run(page);
(parts as unknown as { api: { components: Record<string, unknown> } }).api.components.schemas = SCHEMAS;

/** Runs the parts of the page's script that need no page, and gives some of what they define. */
function run({ location, sessionStorage, document }: ReturnType<typeof browser>): Parts {
  const script = [DATA, DOM, MARKDOWN, SCHEMA, SESSION, OPERATION, GUIDE, NAVIGATION].join("\n");
  const names =
    "api, resolve, typeText, limitsText, blocksOf, chapters, linkOf, searchResults, session, keepSession, requestHeaders";
  const make = new Function("location", "sessionStorage", "document", `"use strict";\n${script}\nreturn { ${names} };`);
  return make(location, sessionStorage, document) as Parts;
}

Deno.test("the page's script is valid, and ends no script element", () => {
  new Function(SCRIPT);
  assert(!/<\/script|<!--/i.test(SCRIPT));
  assert(
    !/\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write/.test(SCRIPT),
    "text only ever becomes text",
  );
  assertStringIncludes(SCRIPT, MAIN);
});

Deno.test("the page and its guide speak of the address that it was loaded from", () => {
  assertEquals(parts.session.server, "https://api.example.com/functions/v1");
  assertEquals(parts.chapters.map(({ title, slug, blocks }) => [title, slug, blocks]), [
    ["First steps", "first-steps", [{ kind: "text", text: "See https://api.example.com/functions/v1." }]],
  ]);
  assertEquals(run(browser("file:///tmp/millrace-docs.html")).session.server, "https://abc.supabase.co/functions/v1");
});

Deno.test("blocksOf() reads paragraphs, lists, tables and code", () => {
  const text =
    "One\ntwo\n\n1. **A** b\n   goes on\n2. c\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n\n```ts\nif (a) {\n\n  b();\n}\n```\n\nEnd";
  assertEquals(parts.blocksOf(text), [
    { kind: "text", text: "One two" },
    { kind: "list", ordered: true, items: ["**A** b goes on", "c"] },
    { kind: "table", rows: [["x", "y"], ["1", "2"]] },
    { kind: "code", language: "ts", text: "if (a) {\n\n  b();\n}" },
    { kind: "text", text: "End" },
  ]);
});

Deno.test("linkOf() leads from a call to its operation and from a code to its error", () => {
  assertEquals(parts.linkOf("GET /flows"), "listFlows");
  assertEquals(parts.linkOf("POST /flows/:id/run?wait=5"), "runFlow");
  assertEquals(parts.linkOf("not_found"), "errors/not_found");
  assertEquals(parts.linkOf("DELETE /nothing"), null);
});

Deno.test("searchResults() puts what is named so before what mentions it, and finds guide and errors", () => {
  assertEquals(parts.searchResults("flow run").operations.map(({ id }) => id), ["runFlow"]);
  assertEquals(parts.searchResults("create").operations[0]?.id, "createFlow");
  assertEquals(parts.searchResults("404").pages[0]?.href, "errors/not_found");
  assertEquals(parts.searchResults("stripe").pages[0]?.href, "webhooks");
  assertEquals(parts.searchResults("nothing like it"), { pages: [], operations: [] });
});

Deno.test("credentials go into headers only, and stay in memory unless they are to be kept for the tab", () => {
  const { session, requestHeaders, keepSession } = parts;
  const keyed = { security: [{ apiKey: [] }] };
  assertEquals(requestHeaders(keyed), {});
  Object.assign(session, { apiKey: "mr_test_abc", organization: "o1" });
  assertEquals(requestHeaders(keyed), { Authorization: "Bearer mr_test_abc" }, "a key has one organization");
  assertEquals(requestHeaders({ security: [] }), {}, "what needs none gets none");
  keepSession();
  assertEquals(page.kept.size, 0);
  session.keep = true;
  keepSession();
  assertStringIncludes([...page.kept.values()].join(), "mr_test_abc");
  assert(!page.location.href.includes("mr_test_abc"));
  Object.assign(session, { mode: "user", token: "eyJ", publishableKey: "sb_publishable_x" });
  assertEquals(requestHeaders(keyed), {
    apikey: "sb_publishable_x",
    Authorization: "Bearer eyJ",
    "X-Organization-Id": "o1",
  });
  session.keep = false;
  keepSession();
  assertEquals(page.kept.size, 0);
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

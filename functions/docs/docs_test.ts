import { createApp, type Router } from "../../shared/http/mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { fakeDataApi, testOptions } from "../../tests/helpers/http.ts";
import { router } from "./router.ts";

const DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "T", version: "1", description: "</script><b>" },
  tags: [{ name: "flows", description: "Graphs" }],
  paths: {
    "/flows": {
      get: {
        operationId: "listFlows",
        summary: "List flows",
        description: "All of them",
        tags: ["flows"],
        responses: { 200: { content: { "application/json": { schema: { $ref: "#/components/schemas/Flow" } } } } },
        "x-codeSamples": [{ lang: "Shell", source: "curl" }],
      },
    },
  },
  webhooks: { stripe: { post: { requestBody: { $ref: "#/components/schemas/Other" } } } },
  components: {
    schemas: {
      Flow: { type: "object", properties: { owner: { $ref: "#/components/schemas/Owner" } } },
      Owner: { type: "object", properties: { flows: { type: "array", items: { $ref: "#/components/schemas/Flow" } } } },
      Other: { type: "object" },
    },
  },
};

interface Asked {
  readonly url: string;
  readonly tag: string | null;
}

/** Runs `fn` with the docs app, while `answer` stands in for everything that it fetches. */
async function withDocs(
  answer: (asked: Asked) => Response,
  fn: (app: ReturnType<typeof createApp>, asked: Asked[]) => Promise<void>,
): Promise<void> {
  const { fetch } = globalThis;
  const asked: Asked[] = [];
  globalThis.fetch = (input, init) => {
    const request = new Request(input, init);
    asked.push({ url: request.url, tag: request.headers.get("if-none-match") });
    return Promise.resolve(answer(asked.at(-1) as Asked));
  };
  try {
    // An environment of its own: what is kept is kept for an environment.
    await fn(createApp("docs", router as Router, testOptions(fakeDataApi())), asked);
  } finally {
    globalThis.fetch = fetch;
  }
}

const found = () => Response.json(DOCUMENT, { headers: { etag: '"one"' } });
const missing = () => Response.json({ code: "NOT_FOUND" }, { status: 404 });

/** The JSON in a page, by its element's id. */
function dataOf(html: string, id: string): string {
  return new RegExp(`id="${id}">([\\s\\S]*?)</script>`).exec(html)?.[1] ?? "";
}

/** A script's or style's hash as Content-Security-Policy writes it. */
async function hashOf(html: string, element: "style" | "script"): Promise<string> {
  const text = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(html)?.[1] ?? "";
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}

Deno.test("GET /docs is a page with an index of everything, and a policy that lets nothing else run", () =>
  withDocs(found, async (app) => {
    const response = await app.request("/docs");
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
    const html = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    assertStringIncludes(policy, "default-src 'none'");
    assertStringIncludes(policy, `script-src ${await hashOf(html, "script")};`);
    assertStringIncludes(policy, `style-src ${await hashOf(html, "style")};`);
    assertStringIncludes(policy, "connect-src 'self' http://project.test;");
    assert(!/unsafe|\*|https:(?!\/\/)/.test(policy), policy);
    assert(!/(?:src|href)="(?:https?:)?\/\//.test(html), "the page asks nobody for anything");
    const site = JSON.parse(dataOf(html, "site"));
    assertEquals(site.info, DOCUMENT.info);
    assertEquals(site.operations, [["listFlows", "GET", "/flows", "List flows", "flows", false]]);
    const known = await app.request("/docs", { headers: { "if-none-match": response.headers.get("etag") ?? "" } });
    assertEquals([known.status, await known.text()], [304, ""]);
  }));

Deno.test("GET /docs is sent compressed to whoever takes it", () =>
  withDocs(found, async (app) => {
    const plain = await (await app.request("/docs")).text();
    const response = await app.request("/docs", { headers: { "accept-encoding": "br;q=1.0, gzip;q=0.8" } });
    assertEquals(response.headers.get("content-encoding"), "gzip");
    assertStringIncludes(response.headers.get("vary") ?? "", "Accept-Encoding");
    const bytes = new Uint8Array(await response.arrayBuffer());
    // What a browser loads first, without the index, which grows with the API.
    assert(bytes.length < 40_000, `${bytes.length}`);
    const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    assertEquals(await new Response(inflated).text(), plain);
    const tag = response.headers.get("etag") ?? "";
    assertEquals((await app.request("/docs", { headers: { "if-none-match": tag } })).status, 304);
    const refused = await app.request("/docs", { headers: { "accept-encoding": "gzip;q=0, identity" } });
    assertEquals(refused.headers.get("content-encoding"), null);
  }));

Deno.test("GET /docs/parts/:name gives an operation with all it refers to and nothing else", () =>
  withDocs(found, async (app) => {
    const { components, operation } = await (await app.request("/docs/parts/listFlows")).json();
    assertEquals(components, {
      schemas: { Flow: DOCUMENT.components.schemas.Flow, Owner: DOCUMENT.components.schemas.Owner },
    });
    const { "x-codeSamples": _, ...shown } = DOCUMENT.paths["/flows"].get;
    assertEquals(operation, JSON.parse(JSON.stringify(shown)));
    const { webhooks, components: others } = await (await app.request("/docs/parts/webhooks")).json();
    assertEquals([Object.keys(webhooks), Object.keys(others.schemas)], [["stripe"], ["Other"]]);
    assertEquals(await (await app.request("/docs/parts/search")).json(), [["listFlows", "All of them"]]);
    const missing = await app.request("/docs/parts/nothing");
    assertEquals([missing.status, (await missing.json()).code], [404, "not_found"]);
  }));

Deno.test("GET /docs/millrace-docs.html is one file with everything in it", () =>
  withDocs(found, async (app) => {
    const response = await app.request("/docs/millrace-docs.html");
    assertStringIncludes(response.headers.get("content-disposition") ?? "", "attachment");
    const html = await response.text();
    assertEquals(JSON.parse(dataOf(html, "document")), JSON.parse(JSON.stringify(DOCUMENT)));
    // From disk no header comes along: the policy is in the file.
    assertStringIncludes(html, `http-equiv="Content-Security-Policy" content="default-src 'none'; style-src`);
  }));

Deno.test("GET /docs comes without a document too, and says what is missing", () =>
  withDocs(missing, async (app) => {
    const response = await app.request("/docs/");
    assertEquals(response.status, 200);
    assertStringIncludes(await response.text(), "does not answer: is it deployed?");
  }));

Deno.test("GET /docs/openapi.json gives what api gave, asks it once, and answers 304", () =>
  withDocs(found, async (app, asked) => {
    const replies = await Promise.all([app.request("/docs/openapi.json"), app.request("/docs/openapi.json")]);
    for (const reply of replies) assertEquals([reply.status, await reply.json()], [200, DOCUMENT]);
    assertEquals(asked.map(({ url }) => url), ["http://project.test/functions/v1/api/v1/openapi.json"]);
    assertEquals(replies[0]?.headers.get("etag"), '"one"');
    const known = await app.request("/docs/openapi.json", { headers: { "if-none-match": '"one"' } });
    assertEquals(known.status, 304);
    assertEquals((await app.request("/docs/openapi.json", { method: "HEAD" })).status, 200);
  }));

Deno.test("GET /docs/openapi.json is 503 while api is not deployed, and comes when it is", () => {
  let deployed = false;
  return withDocs(() => deployed ? found() : missing(), async (app) => {
    const refused = await app.request("/docs/openapi.json");
    assertEquals(refused.status, 503);
    assertMatch(refused.headers.get("retry-after") ?? "", /^\d+$/);
    const problem = await refused.json();
    assertEquals([problem.code, problem.detail.includes("is it deployed?")], ["service_unavailable", true]);
    deployed = true;
    assertEquals((await app.request("/docs/openapi.json")).status, 200);
  });
});

Deno.test("GET /docs/openapi.json takes nothing for a document that is none", async () => {
  for (
    const answer of [
      () => new Response("<html>"),
      () => Response.json(null),
      () => Response.json({ openapi: 3 }),
      () => Response.json({ openapi: "3.1.0" }),
    ]
  ) {
    await withDocs(answer, async (app) => {
      assertEquals((await app.request("/docs/openapi.json")).status, 503);
    });
  }
});

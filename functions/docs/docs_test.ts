import { createApp, type Router } from "../../shared/http/mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { fakeDataApi, testOptions } from "../../tests/helpers/http.ts";
import { router } from "./router.ts";

const DOCUMENT = { openapi: "3.1.0", info: { title: "T", version: "1", description: "</script><b>" }, paths: {} };

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

/** A script's or style's hash as Content-Security-Policy writes it. */
async function hashOf(html: string, element: "style" | "script"): Promise<string> {
  const text = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(html)?.[1] ?? "";
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}

Deno.test("GET /docs is one page with everything in it, and a policy that lets nothing else run", () =>
  withDocs(found, async (app) => {
    const response = await app.request("/docs");
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
    const html = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    assertStringIncludes(policy, "default-src 'none'");
    assertStringIncludes(policy, `script-src ${await hashOf(html, "script")};`);
    assertStringIncludes(policy, `style-src ${await hashOf(html, "style")};`);
    assert(!/(?:src|href)="(?:https?:)?\/\//.test(html), "the page asks nobody for anything");
    const json = /id="document">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? "";
    assertEquals(JSON.parse(json), DOCUMENT);
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
  for (const answer of [() => new Response("<html>"), () => Response.json(null), () => Response.json({ openapi: 3 })]) {
    await withDocs(answer, async (app) => {
      assertEquals((await app.request("/docs/openapi.json")).status, 503);
    });
  }
});

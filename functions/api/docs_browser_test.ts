/**
 * The documentation page in a real browser, where there is one: Chromium loads it, and what it made of it is read. It sees what the
 * other tests cannot: whether the policy lets the script run, and whether the script gets to its end.
 *
 * @module
 */
import { createApp } from "../../shared/http/mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { hasBrowser, look } from "../../tests/helpers/browser.ts";
import { fakeDataApi, testOptions } from "../../tests/helpers/http.ts";
import { loadRouters, makeDocument } from "./open_api.ts";

Deno.test({
  name: "in a browser the page runs under its policy and shows guide and operation",
  ignore: !hasBrowser,
  fn: async () => {
    const json = JSON.stringify(await makeDocument("http://project.test/functions/v1"));
    const { fetch } = globalThis;
    // Stands in for the function api.
    globalThis.fetch = () => Promise.resolve(new Response(json, { headers: { etag: '"one"' } }));
    const router = (await loadRouters()).find(({ name }) => name === "docs");
    assert(router !== undefined);
    const app = createApp("docs", router, testOptions(fakeDataApi()));
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
    try {
      const page = `http://127.0.0.1:${server.addr.port}/docs`;
      const guide = await look(page);
      const operation = await look(`${page}#createFlow`);
      for (const { console } of [guide, operation]) assertEquals(console, []);
      assertStringIncludes(guide.dom, `<h2 id="guide/getting-started"`);
      assertStringIncludes(operation.dom, "<h1>Create a flow</h1>");
      assertStringIncludes(operation.dom, `aria-label="request with curl"`);
      assertStringIncludes(operation.dom, "Send request");
    } finally {
      await server.shutdown();
      globalThis.fetch = fetch;
    }
  },
});

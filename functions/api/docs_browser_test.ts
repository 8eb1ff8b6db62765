/**
 * The documentation page in a real browser, where there is one: Chromium loads it, and what it made of it is read. It sees what the
 * other tests cannot: whether the policy lets the script run, and whether the script gets to its end.
 *
 * @module
 */
import { createApp } from "../../shared/http/mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { fakeDataApi, testOptions } from "../../tests/helpers/http.ts";
import { loadRouters, makeDocument } from "./open_api.ts";

/** Debian's; CI installs it. */
const CHROMIUM = "/usr/bin/chromium";
const isThere = await Deno.stat(CHROMIUM).then(() => true, () => false);

interface Seen {
  /** The page as it is after its script has run. */
  readonly dom: string;
  /** What was written to the console. */
  readonly console: string[];
}

async function look(url: string): Promise<Seen> {
  const profile = await Deno.makeTempDir();
  try {
    const { stdout, stderr } = await new Deno.Command(CHROMIUM, {
      args: [
        "--headless",
        // Chromium's own sandbox needs what containers and root do not have; it sees only our page.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        `--user-data-dir=${profile}`,
        "--enable-logging=stderr",
        "--virtual-time-budget=10000",
        "--dump-dom",
        url,
      ],
    }).output();
    const lines = new TextDecoder().decode(stderr).split("\n").filter((line) => line.includes("CONSOLE"));
    return { dom: new TextDecoder().decode(stdout), console: lines };
  } finally {
    await Deno.remove(profile, { recursive: true });
  }
}

Deno.test({
  name: "in a browser the page runs under its policy and shows guide and operation",
  ignore: !isThere,
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

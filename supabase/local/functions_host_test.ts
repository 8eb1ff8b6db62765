import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { until } from "../../tests/helpers/until.ts";
import { FunctionsHost, type FunctionsHostOptions } from "./functions_host.ts";

const FIXTURES = new URL("./testdata/functions/", import.meta.url);

/** Runs `fn` with a host of the fixture functions. */
async function withHost(
  fn: (host: FunctionsHost, lines: string[]) => Promise<void>,
  options: Partial<FunctionsHostOptions> = {},
): Promise<void> {
  const lines: string[] = [];
  const host = new FunctionsHost({ folder: FIXTURES, env: {}, onLine: (line) => lines.push(line), ...options });
  try {
    await fn(host, lines);
  } finally {
    await host.stop();
  }
}

function request(path: string, init?: RequestInit): Request {
  return new Request(`http://127.0.0.1${path}`, init);
}

Deno.test("FunctionsHost passes method, headers, path, body and status on", () =>
  withHost(async (host) => {
    const answer = await host.fetch(
      request("/probe/echo", { method: "PUT", body: "hello", headers: { "x-sent": "yes" } }),
    );
    assertEquals(answer.status, 201);
    assertEquals(answer.headers.get("x-method"), "PUT");
    assertEquals(answer.headers.get("x-seen"), "yes");
    assertEquals(await answer.text(), "hello");
    const other = await host.fetch(request("/probe/a/b?c=1"));
    assertEquals(await other.json(), { pathname: "/probe/a/b" });
  }));

Deno.test("FunctionsHost shows functions only the environment they would have when deployed", () =>
  withHost(async (host) => {
    const answer = await host.fetch(request("/probe/env"));
    assertEquals(await answer.json(), { SUPABASE_URL: "http://127.0.0.1:1" });
  }, { env: { SUPABASE_URL: "http://127.0.0.1:1" } }));

Deno.test("FunctionsHost keeps functions from starting processes", () =>
  withHost(async (host) => {
    const answer = await host.fetch(request("/probe/run"));
    const { run } = await answer.json();
    assertStringIncludes(run, "run access");
  }));

Deno.test("FunctionsHost answers 503 for a function that cannot be imported and 500 for one that throws", () =>
  withHost(async (host, lines) => {
    const broken = await host.fetch(request("/broken"));
    assertEquals([broken.status, (await broken.json()).code], [503, "BOOT_ERROR"]);
    const thrown = await host.fetch(request("/probe/throw"));
    assertEquals([thrown.status, await thrown.text()], [500, "Internal Server Error"]);
    await until(() => lines.some((line) => line.includes("as asked")));
    assert(host.has("probe") && host.has("broken") && !host.has("missing") && !host.has("../probe"));
  }));

Deno.test("FunctionsHost streams server-sent events and tells the function when the client leaves", () =>
  withHost(async (host, lines) => {
    const answer = await host.fetch(request("/probe/events"));
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    assertStringIncludes((await reader.read()).value!, "data: 1");
    assertStringIncludes((await reader.read()).value!, "data: 2");
    await reader.cancel();
    await until(() => lines.some((line) => line.startsWith("probe stopped events")));
  }));

Deno.test("FunctionsHost.stop() ends streams of events without an error, so that their clients connect again", async () => {
  const host = new FunctionsHost({ folder: FIXTURES, env: {} });
  const answer = await host.fetch(request("/probe/events"));
  const [text] = await Promise.all([answer.text(), host.stop()]);
  assertStringIncludes(text, "data: 1");
});

Deno.test("FunctionsHost.reload() lets requests and waitUntil work of the old process finish", () =>
  withHost(async (host, lines) => {
    const before = await host.pid();
    const slow = host.fetch(request("/probe/slow"));
    assertEquals(await (await host.fetch(request("/probe/later"))).text(), "answered");
    const reloaded = host.reload();
    assertEquals(await (await slow).text(), "slow");
    await reloaded;
    assert(await host.pid() !== before);
    await until(() => lines.includes("probe saw beforeunload"));
    await until(() => lines.some((line) => line.startsWith("probe worked later")));
  }));

Deno.test("FunctionsHost starts another process when one crashes", () => {
  const events: string[] = [];
  return withHost(async (host) => {
    await assertRejects(async () => await (await host.fetch(request("/probe/crash"))).text());
    await until(() => events.length > 0);
    assertEquals(await (await host.fetch(request("/probe/x"))).json(), { pathname: "/probe/x" });
  }, { onEvent: (message) => events.push(message) });
});

Deno.test("FunctionsHost reloads when code changes", async () => {
  const folder = await Deno.makeTempDir({ dir: new URL("./testdata/", import.meta.url).pathname });
  const write = (answer: string) =>
    Deno.writeTextFile(`${folder}/tiny/index.ts`, `Deno.serve(() => new Response("${answer}"));`);
  await Deno.mkdir(`${folder}/tiny`);
  await write("one");
  const events: string[] = [];
  const url = new URL(`file://${folder}/`);
  try {
    await withHost(async (host) => {
      assertEquals(await (await host.fetch(request("/tiny"))).text(), "one");
      await write("two");
      await until(() => events.length > 0);
      assertEquals(await (await host.fetch(request("/tiny"))).text(), "two");
    }, { folder: url, watch: [url], onEvent: (message) => events.push(message) });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/**
 * The client for frontends: docs/client/millrace.ts.
 *
 * @module
 */
import { createMillrace, MillraceError, type MillraceOptions } from "../../docs/client/millrace.ts";
import { CLIENT, renderCurrentClient } from "../../supabase/tools/client.ts";
import { REPOSITORY } from "../../supabase/local/schema_files.ts";
import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { withApi } from "../../tests/helpers/api.ts";
import { FUNCTIONS, mounts } from "./mounts.ts";
import { router } from "./router.ts";

// Another Deno breaks lines elsewhere: the file is written by the one that the tools run on.
const isOfTools = !Deno.version.deno.startsWith("2.1.");

Deno.test("the client is what `deno task client` writes", { ignore: !isOfTools }, async () => {
  const written = await Deno.readTextFile(new URL(CLIENT, REPOSITORY));
  assert(written === await renderCurrentClient(), "Run `deno task client`");
});

Deno.test("the client speaks to the API as supabase-js does: typed, in pages, once, with errors that say everything", async () => {
  const flows = await FUNCTIONS.flows();
  await withApi([flows, router], async (api) => {
    const ada = await api.createUser();
    const millrace = createMillrace({
      url: "http://project.test/functions/v1",
      getToken: () => Promise.resolve(ada.token),
      publishableKey: api.env.publishableKeys.default,
      fetch: api.fetch,
    });
    for (const name of ["One", "Two", "Three"]) await millrace.request("POST /flows", { body: { name } });
    const { data: page } = await millrace.request("GET /flows", { query: { limit: 1, sort: "name" } });
    assertEquals([page.data[0]?.name, page.data.length], ["One", 1]);
    const names: string[] = [];
    for await (const flow of millrace.items("GET /flows", { query: { limit: 2, sort: "name" } })) names.push(flow.name);
    assertEquals(names, ["One", "Three", "Two"]);

    const id = page.data[0]?.id ?? "";
    const read = await millrace.request("GET /flows/{id}", { params: { id } });
    const kept = await millrace.request("GET /flows/{id}", { params: { id }, ifNoneMatch: read.etag ?? "" });
    assertEquals([kept.status, kept.data as unknown], [304, undefined]);
    await millrace.request("PATCH /flows/{id}", { params: { id }, body: { name: "Uno" }, ifMatch: read.etag ?? "" });
    const stale = await assertRejects(
      () => millrace.request("PATCH /flows/{id}", { params: { id }, body: { name: "Ein" }, ifMatch: read.etag ?? "" }),
      MillraceError,
    );
    assertEquals([stale.code, stale.status, stale.requestId !== null], ["version_mismatch", 412, true]);
    const wrong = await assertRejects(
      () => millrace.request("GET /flows", { query: { limit: 1_000, sort: "secret" as "name" } }),
      MillraceError,
    );
    assertEquals(wrong.problems.map(({ path }) => path), ["query.limit", "query.sort"]);
    const once = { body: { name: "Once" }, idempotencyKey: "one" };
    const [a, b] = [await millrace.request("POST /flows", once), await millrace.request("POST /flows", once)];
    assertEquals(a.data.id, b.data.id);
    // What the compiler has to refuse: a misspelt field, a missing parameter, an operation that there is not.
    // @ts-expect-error no such property
    await assertRejects(() => millrace.request("POST /flows", { body: { nam: "x" } }), MillraceError);
    // @ts-expect-error params are needed
    await assertRejects(() => millrace.request("GET /flows/{id}"), MillraceError);
    // @ts-expect-error no such operation
    await assertRejects(() => millrace.request("GET /nothing"), MillraceError);
    assertEquals((await millrace.request("DELETE /flows/{id}", { params: { id } })).data, undefined);
  }, { app: { mounts } });
});

/** A server that answers these, one after another, and what it was asked. */
function scripted(...answers: [status: number, headers?: Record<string, string>][]) {
  const asked: Request[] = [];
  const options: MillraceOptions = {
    url: "http://x.test/functions/v1/",
    apiKey: "mr_live_x",
    fetch: (input, init) => {
      asked.push(new Request(input, init));
      const [status = 200, headers = {}] = answers[asked.length - 1] ?? [];
      const body = status === 200 ? "{}" : JSON.stringify({ code: "rate_limited", detail: "Slower" });
      return Promise.resolve(
        new Response(body, { status, headers: { "content-type": "application/json", ...headers } }),
      );
    },
  };
  return { asked, client: createMillrace(options) };
}

Deno.test("the client tries again what may be repeated, under one key, when the answer says when", async () => {
  const now = { "retry-after": "0" };
  const busy = scripted([429, now], [503, now], [200]);
  await busy.client.request("POST /flows", { body: { name: "x" } });
  const keys = busy.asked.map(({ headers }) => headers.get("idempotency-key"));
  assertEquals([keys.length, new Set(keys).size, keys[0] !== null], [3, 1, true]);
  assertEquals(busy.asked[0]?.headers.get("authorization"), "Bearer mr_live_x");
  assertEquals(busy.asked[0]?.url, "http://x.test/functions/v1/flows");

  const away = scripted([503, now]);
  await assertRejects(() => away.client.request("POST /runs/{id}/cancel", { params: { id: "r" } }), MillraceError);
  assertEquals(away.asked.length, 1);
  const late = scripted([429, { "retry-after": "3600" }]);
  const error = await assertRejects(() => late.client.request("GET /flows"), MillraceError);
  assertEquals([late.asked.length, error.retryAfterSeconds, error.code], [1, 3600, "rate_limited"]);
  const never = scripted([429, now], [429, now], [429, now], [429, now], [200]);
  await assertRejects(() => never.client.request("GET /flows"), MillraceError);
  assertEquals(never.asked.length, 4);
});

/**
 * Large outputs, with the Storage of the local stack.
 *
 * @module
 */
import { callerBlobStore, readReference, serviceBlobStore } from "../../shared/blobs/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { startEffectServer } from "../../tests/helpers/effect_server.ts";
import { draw, post, saveFlow, set } from "../../tests/helpers/flows.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { router } from "./router.ts";

interface RunBody {
  id: string;
  status: string;
  output: Json;
  steps: { node_id: string; output: Json }[];
}

/** Runs a flow whose step `big` gets a text of 500,000 characters, and whose step `small` counts them. */
async function withRun(fn: (api: TestApi, ada: ApiUser, run: RunBody) => Promise<void>): Promise<void> {
  const server = startEffectServer(() =>
    new Response("é".repeat(500_000), { headers: { "content-type": "text/plain" } })
  );
  try {
    await withServedApi([router], async (api) => {
      const ada = await api.createUser();
      const graph = draw(
        { t: ["trigger.manual"], big: post(server.url), small: set({ n: "{{ length(steps.big.output.body) }}" }) },
        "t>big",
        "big>small",
      );
      const flowId = await saveFlow(api, ada, graph);
      const { body } = await ada.post<RunBody>("/runs?wait=20", { flow_id: flowId });
      await fn(api, ada, body);
    }, { env: { EGRESS_ALLOW: server.host } });
  } finally {
    await server.stop();
  }
}

Deno.test("GET /runs/:id/steps/:node_id/output gives what the run shows as a reference", () =>
  withRun(async (api, ada, run) => {
    assertEquals([run.status, run.output], ["completed", { n: 500_000 }]);
    const reference = readReference(run.steps.find(({ node_id }) => node_id === "big")?.output);
    assert(reference !== null && reference.bytes > 1_000_000 && reference.preview.length === 1_000);

    const path = `/runs/${run.id}/steps/big/output`;
    const whole = await ada.get<{ body: string }>(path);
    assertEquals([whole.status, whole.headers.get("content-type")], [200, "application/json"]);
    assertEquals(whole.body.body, "é".repeat(500_000));
    const etag = whole.headers.get("etag") ?? "";
    assertEquals(etag, `"${reference.sha256}"`);
    assertEquals((await ada.get(path, { "if-none-match": etag })).status, 304);

    // Who has lost the right to read runs has lost this one too, past the function as well.
    const store = (user: ApiUser) => callerBlobStore(api.env, user.token);
    const place = `${ada.organizationId}/${reference.sha256}.json`;
    assertEquals((await store(ada).get(place))?.length, reference.bytes);
    const bob = await api.createUser();
    assertEquals(await store(bob).get(place), null);
    expectProblem(await bob.get(path), "not_found");
    await assertRejects(() => store(ada).put(`${ada.organizationId}/${"a".repeat(64)}.json`, new Uint8Array([1])));
  }));

Deno.test("GET /runs/:id/steps/:node_id/output gives small outputs too, and 404 for what is not there", () =>
  withRun(async (api, ada, run) => {
    const path = `/runs/${run.id}/steps`;
    const small = await ada.get(`${path}/small/output?attempt=1`);
    assertEquals([small.status, small.body], [200, { n: 500_000 }] as [number, unknown]);
    assert(/^"[0-9a-f]{64}"$/.test(small.headers.get("etag") ?? ""));
    for (const missing of ["small/output?attempt=2", "small/output?scope=s.1", "other/output"]) {
      expectProblem(await ada.get(`${path}/${missing}`), "not_found");
    }
    expectProblem(await ada.get(`${path}/small/output?attempt=0`), "invalid_request");
    expectProblem(await ada.get(`/runs/${crypto.randomUUID()}/steps/small/output`), "not_found");
    expectProblem(await api.anonymous.get(`${path}/small/output`), "unauthorized");
  }));

Deno.test("the store makes its bucket when there is none, and stores the same content once", () =>
  withServedApi([router], async (api) => {
    const store = serviceBlobStore(api.env);
    const path = `${crypto.randomUUID()}/${"b".repeat(64)}.json`;
    assertEquals(await store.get(path), null);
    await api.db.sql`delete from storage.buckets where id = 'run-data'`;
    assertEquals(await store.get(path), null);
    for (let times = 0; times < 3; times++) await store.put(path, new TextEncoder().encode("[1]"));
    assertEquals(new TextDecoder().decode(await store.get(path) ?? undefined), "[1]");
    const [bucket] = await api.db.sql`select public from storage.buckets where id = 'run-data'`;
    assertEquals(bucket?.public, false);
    const [objects] = await api.db.sql`select count(*)::int as n from storage.objects where name = ${path}`;
    assertEquals(objects?.n, 1);
  }));

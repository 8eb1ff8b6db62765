/**
 * The function `secrets` on a real Postgres.
 *
 * @module
 */
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw, saveFlow } from "../../tests/helpers/flows.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { checkRoutes, expectProblem } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";
import type { Secret, SecretAccess, SecretVersion } from "./schemas.ts";

const VALUE = "correct-horse-battery-staple";

interface ListBody<T> {
  data: T[];
  next_cursor: string | null;
}

function withAda(fn: (api: TestApi, ada: ApiUser) => Promise<void>): Promise<void> {
  return withServedApi([router], async (api) => fn(api, await api.createUser()));
}

async function create(ada: ApiUser, name = "CRM_KEY", rest: Record<string, unknown> = {}): Promise<Secret> {
  const { status, body } = await ada.post<Secret>("/secrets", { name, value: VALUE, ...rest });
  assertEquals(status, 201, JSON.stringify(body));
  return body;
}

Deno.test("secrets: every route keeps the common contract", async (context) => {
  await withApi([router], (api) => checkRoutes(context, api, router));
});

Deno.test("POST /secrets keeps a value encrypted and never answers with it, to a repeated request neither", () =>
  withAda(async (api, ada) => {
    const body = { name: "CRM_KEY", value: VALUE, description: "CRM", rotate_after_days: 90 };
    const made = await ada.post<Secret>("/secrets", body, { "idempotency-key": "one" });
    assertEquals([made.status, made.body.name, made.body.current_version], [201, "CRM_KEY", 1]);
    assertEquals(made.headers.get("etag"), '"v1"');
    assert(made.headers.get("location")?.endsWith(`/secrets/${made.body.id}`));
    const again = await ada.post<Secret>("/secrets", body, { "idempotency-key": "one" });
    assertEquals([again.status, again.body], [201, made.body]);
    const other = { ...body, value: `${VALUE}!` };
    expectProblem(await ada.post("/secrets", other, { "idempotency-key": "one" }), "idempotency_mismatch");
    expectProblem(await ada.post("/secrets", body), "conflict");
    for (const reply of [made, again]) assert(!JSON.stringify(reply.body).includes(VALUE));
    const kept = await api.db
      .sql`select k.*, encode(request_hash, 'escape') as hash from private.idempotency_keys k`;
    assert(!JSON.stringify(kept).includes(VALUE));
  }));

Deno.test("POST /secrets says everything that is wrong and repeats no value", () =>
  withAda(async (_api, ada) => {
    const bad = await ada.post("/secrets", {
      name: "lower case",
      value: "abc",
      rotate_after_days: 0,
      expires_at: "soon",
    });
    expectProblem(bad, "invalid_request");
    assertEquals(bad.body.problems?.map(({ path }) => path).toSorted(), [
      "body.expires_at",
      "body.name",
      "body.rotate_after_days",
      "body.value",
    ]);
    for (const value of ["x".repeat(65_537), "ü".repeat(32_769), "a\u0000bcdefgh", 12345, null, ""]) {
      const reply = await ada.post("/secrets", { name: "GOOD", value });
      assertEquals(reply.status, 400);
      assert(!JSON.stringify(reply.body).includes("xxxx"));
    }
    expectProblem(
      await ada.post("/secrets", { name: "GOOD", value: VALUE, expires_at: "2020-01-01T00:00:00Z" }),
      "invalid_request",
    );
    await create(ada, "LONG", { value: "x".repeat(65_536) });
  }));

Deno.test("PUT /secrets/:id/value makes versions that can be restored, destroyed and revealed", () =>
  withAda(async (api, ada) => {
    const { id } = await create(ada);
    const reveal = async (body?: unknown) =>
      (await ada.post<{ version: number; value: string }>(`/secrets/${id}/reveal`, body)).body;
    const second = await ada.send<Secret>("PUT", `/secrets/${id}/value`, { value: "second value" }, {
      "if-match": '"v1"',
    });
    assertEquals([second.status, second.body.current_version, second.headers.get("etag")], [200, 2, '"v2"']);
    const stale = await ada.send("PUT", `/secrets/${id}/value`, { value: "third value" }, { "if-match": '"v1"' });
    expectProblem(stale, "version_mismatch");
    assertEquals(await reveal(), { version: 2, value: "second value" });
    assertEquals(await reveal({ version: 1 }), { version: 1, value: VALUE });
    const back = await ada.post<Secret>(`/secrets/${id}/versions/1/restore`);
    assertEquals([back.status, back.body.current_version], [200, 1]);
    assertEquals(await reveal(), { version: 1, value: VALUE });
    assertEquals((await ada.delete(`/secrets/${id}/versions/2`)).status, 204);
    expectProblem(await ada.delete(`/secrets/${id}/versions/1`), "conflict");
    expectProblem(await ada.post(`/secrets/${id}/versions/2/restore`), "conflict");
    expectProblem(await ada.post(`/secrets/${id}/reveal`, { version: 2 }), "not_found");
    const { body: versions } = await ada.get<ListBody<SecretVersion>>(`/secrets/${id}/versions?limit=1`);
    assertEquals(
      versions.data.map(({ number, is_current, destroyed_at }) => [number, is_current, destroyed_at !== null]),
      [[
        2,
        false,
        true,
      ]],
    );
    const next = await ada.get<ListBody<SecretVersion>>(
      `/secrets/${id}/versions?limit=1&cursor=${versions.next_cursor}`,
    );
    assert(next.body.data !== undefined, JSON.stringify(next.body));
    assertEquals([next.body.data.map(({ number }) => number), next.body.next_cursor], [[1], null]);
    const { body: log } = await ada.get<ListBody<SecretAccess>>(`/secrets/${id}/accesses?kind=reveal`);
    assert(log.data.every(({ user_id, kind }) => user_id === ada.id && kind === "reveal"));
    assertEquals(log.data.reduce((sum, { uses }) => sum + uses, 0), 3);
    const audit = await api.db
      .sql`select action, before, after, details from public.audit_events where target_id = ${id}`;
    assertEquals(audit.filter(({ action }) => action === "secret.revealed").length, 3);
    assert(audit.some(({ action }) => action === "secret.created"));
    assert(!JSON.stringify(audit).includes(VALUE) && !JSON.stringify(audit).includes("second value"));
  }));

Deno.test("four values set at once become four versions", () =>
  withAda(async (_api, ada) => {
    const { id } = await create(ada);
    const values = ["one value", "two value"];
    const replies = await Promise.all(
      values.map((value) => ada.send<Secret>("PUT", `/secrets/${id}/value`, { value })),
    );
    assertEquals(replies.map(({ status }) => status), [200, 200]);
    const { body } = await ada.post<{ version: number; value: string }>(`/secrets/${id}/reveal`);
    assertEquals(body.version, 3);
    assert(values.includes(body.value));
  }));

Deno.test("GET, PATCH and DELETE /secrets/:id", () =>
  withAda(async (api, ada) => {
    const { id } = await create(ada);
    const read = await ada.get<Secret>(`/secrets/${id}`);
    assertEquals([read.status, read.headers.get("etag")], [200, '"v1"']);
    assertEquals((await ada.get(`/secrets/${id}`, { "if-none-match": '"v1"' })).status, 304);
    const renamed = await ada.patch<Secret>(`/secrets/${id}`, { name: "OTHER", expires_at: "2099-01-01T00:00:00Z" });
    assertEquals([renamed.body.name, renamed.body.version], ["OTHER", 2]);
    const endless = await ada.patch<Secret>(`/secrets/${id}`, { expires_at: null });
    assertEquals(endless.body.expires_at, null);
    expectProblem(await ada.patch(`/secrets/${id}`, { value: VALUE }), "invalid_request");
    expectProblem(await ada.patch(`/secrets/${id}`, {}), "invalid_request");
    const list = await ada.get<ListBody<Secret>>("/secrets?q=oth&fields=name");
    assertEquals(list.body.data, [{ id, name: "OTHER" } as Secret]);
    const graph = draw({
      t: ["trigger.manual"],
      a: ["action.http", {
        config: { url: "https://example.com", auth: { type: "bearer", token: "{{ secrets.OTHER }}" } },
      }],
    }, "t>a");
    const flow = await saveFlow(api, ada, graph, "Uses it");
    assertEquals((await ada.get<ListBody<unknown>>(`/secrets/${id}/flows`)).body.data, [{ id: flow, name: "Uses it" }]);
    const refused = await ada.delete(`/secrets/${id}`);
    expectProblem(refused, "conflict");
    assert(refused.body.detail.includes(flow), refused.body.detail);
    assertEquals((await ada.delete(`/secrets/${id}?force=true`)).status, 204);
    expectProblem(await ada.get(`/secrets/${id}`), "not_found");
  }));

Deno.test("strangers learn nothing, members without the permission are refused", () =>
  withAda(async (api, ada) => {
    const { id } = await create(ada);
    const bob = await api.createUser();
    for (
      const path of [`/secrets/${id}`, `/secrets/${id}/versions`, `/secrets/${id}/accesses`, `/secrets/${id}/flows`]
    ) {
      expectProblem(await bob.get(path), "not_found");
    }
    expectProblem(await bob.post(`/secrets/${id}/reveal`), "not_found");
    expectProblem(await bob.send("PUT", `/secrets/${id}/value`, { value: "mine now" }), "not_found");
    assertEquals((await bob.get<ListBody<Secret>>("/secrets")).body.data, []);
  }));

Deno.test("without master keys values are refused with a clear error and the rest works", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const reply = await ada.post("/secrets", { name: "CRM_KEY", value: VALUE });
    expectProblem(reply, "secrets_not_set_up");
    assert(reply.body.detail.includes("MILLRACE_MASTER_KEYS"));
    assertEquals((await ada.get("/secrets")).status, 200);
  }, { env: { MILLRACE_MASTER_KEYS: "" } }));

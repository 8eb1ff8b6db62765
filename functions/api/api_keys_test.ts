import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { type ApiUser, type TestApi, withApi } from "../../tests/helpers/api.ts";
import { draw } from "../../tests/helpers/flows.ts";
import { until } from "../../tests/helpers/until.ts";
import { isApiKey, keyToken } from "../../shared/auth/mod.ts";
import { createApp } from "../../shared/http/mod.ts";
import { mounts } from "./mounts.ts";

const { keys, flows, runs, orgs } = mounts.routers;
const ROUTERS = await Promise.all([keys(), flows(), runs(), orgs()]);

/** What the tests read of a key. */
interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly mode: string;
  readonly status: string;
  readonly prefix: string;
  readonly last_four: string;
  readonly scopes: string[];
  readonly ip_allow: string[];
  readonly requests_per_minute: number | null;
  readonly expires_at: string | null;
  readonly rotated_from: string | null;
  readonly last_used_at: string | null;
  readonly version: number;
}

type ShownKey = ApiKey & { readonly key: string | null };
type Made = ApiKey & { readonly key: string };

async function makeKey(user: ApiUser, settings: Record<string, unknown> = {}): Promise<Made> {
  const body = { name: "Key", scopes: ["flows:read", "flows:write", "runs:read", "runs:execute"], ...settings };
  const reply = await user.post<Made>("/keys", body);
  assertEquals(reply.status, 201, JSON.stringify(reply.body));
  return reply.body;
}

function bearer(api: TestApi, key: string) {
  return api.caller({ authorization: `Bearer ${key}` });
}

Deno.test("POST /keys shows the key once and keeps only its hash", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const reply = await ada.post<Made>("/keys", {
      name: "Billing",
      scopes: ["runs:read", "flows:read", "runs:read"],
      ip_allow: ["203.0.113.7", "2001:db8::/32"],
    });
    const { key, ...shown } = reply.body;
    assertEquals([reply.status, reply.headers.get("etag")], [201, '"v1"']);
    assert(isApiKey(key) && key.startsWith(shown.prefix) && key.endsWith(shown.last_four), key);
    assertEquals([shown.mode, shown.status, shown.scopes, shown.ip_allow], [
      "live",
      "active",
      ["flows:read", "runs:read"],
      ["2001:db8::/32", "203.0.113.7/32"],
    ]);
    assertEquals((await ada.get<ApiKey>(`/keys/${shown.id}`)).body, shown);
    const list = await ada.get<{ data: ApiKey[] }>("/keys");
    assertEquals(list.body.data, [shown]);
    const [row] = await api.db.sql`
      select encode(h.secret_hash, 'hex') as hash, encode(sha256(${key}::text::bytea), 'hex') as expected
      from private.api_key_hashes h where h.key_id = ${shown.id}`;
    assertEquals(row?.hash, row?.expected);
  }));

Deno.test("a key acts under RLS with exactly its scopes, by either header", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const bob = await api.createUser();
    const foreign = await bob.post<{ id: string }>("/flows", { name: "Bob's" });
    const { key } = await makeKey(ada);
    const caller = bearer(api, key);
    const made = await caller.post<{ id: string; organization_id: string; created_by: string }>("/flows", {
      name: "F",
      is_active: true,
      graph: draw({ start: ["trigger.manual"], end: ["logic.stop"] }, "start>end"),
    });
    assertEquals(
      [made.status, made.body.organization_id, made.body.created_by],
      [201, ada.organizationId, ada.id],
    );
    const flow = `/flows/${made.body.id}`;
    assertEquals((await api.caller({ "x-api-key": key }).get(flow)).status, 200);
    assertEquals(
      (await api.caller({ "x-api-key": key, apikey: api.env.publishableKeys.default! }).get(flow)).status,
      200,
    );
    const active = await caller.post(`${flow}/activate`);
    assertEquals(active.status, 200, JSON.stringify(active.body));
    const run = await caller.post(`${flow}/run`, {});
    assertEquals(run.status, 202, JSON.stringify(run.body));
    assertEquals((await caller.get<{ data: unknown[] }>("/runs")).body.data.length, 1);

    // Another tenant's thing is a missing one, and so is another tenant.
    assertEquals((await caller.get(`/flows/${foreign.body.id}`)).status, 404);
    assertEquals((await caller.get("/flows", { "x-organization-id": bob.organizationId })).status, 404);
    assertEquals((await caller.get("/flows", { "x-organization-id": ada.organizationId })).status, 200);

    const reader = bearer(api, (await makeKey(ada, { scopes: ["flows:read"] })).key);
    assertEquals((await reader.get(flow)).status, 200);
    const refused = await reader.post("/flows", { name: "No" });
    assertEquals([refused.status, refused.body.detail], [403, "The API key lacks the scope flows:write"]);
    assertEquals((await reader.get("/runs")).status, 403);
    assertEquals((await reader.delete(flow)).status, 403);
  }));

Deno.test("what needs a person says so to a key", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const { key, id } = await makeKey(ada, { scopes: ["keys:read", "org:read", "members:read"] });
    const caller = bearer(api, key);
    for (
      const [method, path, body] of [
        ["POST", "/keys", { name: "More", scopes: ["flows:read"] }],
        ["PATCH", `/keys/${id}`, { scopes: ["flows:write"] }],
        ["POST", `/keys/${id}/rotate`, undefined],
        ["DELETE", `/keys/${id}`, undefined],
        ["GET", "/orgs", undefined],
      ] as const
    ) {
      const reply = await caller.send(method, path, body);
      assertEquals([reply.status, reply.body.detail], [403, "This needs a person: an API key cannot do it"], path);
    }
    assertEquals((await caller.get<{ data: ApiKey[] }>("/keys")).body.data.map((row) => row.id), [id]);
  }));

Deno.test("scopes must exist, be for keys, and be held by who hands them out", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    for (const scope of ["org:own", "members:write", "keys:write", "billing:write", "no:such", ""]) {
      assertEquals((await ada.post("/keys", { name: "K", scopes: [scope] })).status, 400, scope);
    }
    for (const role of ["developer", "member", "viewer", "guest"]) {
      const member = await api.createMember(ada.organizationId, role);
      assertEquals((await member.post("/keys", { name: "K", scopes: ["flows:read"] })).status, 403, role);
    }
    for (
      const body of [
        { name: "K", scopes: [] },
        { name: "K", scopes: ["flows:read"], ip_allow: ["203.0.113.7/8/8"] },
        { name: "K", scopes: ["flows:read"], ip_allow: ["203.0.113.7/8"] },
        { name: "K", scopes: ["flows:read"], ip_allow: ["example.com"] },
        { name: "K", scopes: ["flows:read"], expires_at: "2020-01-01T00:00:00Z" },
        { name: "K", scopes: ["flows:read"], requests_per_minute: 0 },
        { name: "K", scopes: ["flows:read"], mode: "prod" },
        { name: "", scopes: ["flows:read"] },
      ]
    ) assertEquals((await ada.post("/keys", body)).status, 400, JSON.stringify(body));
  }));

Deno.test("fifty POST /keys with one key at once, and its rotation, make one and show the same one to all", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    await api.db.sql`update public.organizations set plan_id = 'enterprise' where id = ${ada.organizationId}`;
    const admin = await api.createMember(ada.organizationId, "admin");
    const body = { name: "K", scopes: ["flows:read"] };
    const once = async (path: string, body: unknown, count: number): Promise<Made> => {
      const again = { "idempotency-key": "once" };
      const replies = await Promise.all(Array.from({ length: count }, () => ada.post<Made>(path, body, again)));
      assertEquals(new Set(replies.map((reply) => reply.status)), new Set([201]));
      assertEquals(new Set(replies.map((reply) => JSON.stringify(reply.body))).size, 1);
      const [first] = replies;
      assertEquals((await bearer(api, first!.body.key).get("/flows")).status, 200);
      // Another person may make keys too, but is not shown this one.
      const others = await admin.post(path, body, again);
      assertEquals([others.status, others.body.code], [422, "idempotency_mismatch"]);
      return first!.body;
    };
    const made = await once("/keys", body, 50);
    const rotated = await once(`/keys/${made.id}/rotate`, {}, 10);
    assertEquals((await ada.get<{ data: unknown[] }>("/keys")).body.data.length, 2);
    for (const text of [made.key, rotated.key]) {
      const [row] = await api.db.sql`
        select count(*)::int as n from private.idempotency_keys k where k::text like ${`%${text.slice(12, -4)}%`}`;
      assertEquals(row?.n, 0, "a key is kept with its answer");
    }
    const other = await ada.post("/keys", { ...body, name: "Other" }, { "idempotency-key": "once" });
    assertEquals([other.status, other.body.code], [422, "idempotency_mismatch"]);
  }));

Deno.test("a key whose answer was lost on the way is shown again, unless the project's secret key is another by then", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const lost = async (env = api.env) => {
      const app = createApp("keys", await keys(), {
        env,
        write: () => {},
        fetch: async (input, init) => {
          const response = await api.fetch(input, init);
          if (env === api.env && new Request(input, init).url.endsWith("/rpc/create_api_key")) {
            throw new TypeError("connection closed before message completed");
          }
          return response;
        },
      });
      const response = await app.request("/keys", {
        method: "POST",
        headers: {
          authorization: `Bearer ${ada.token}`,
          "content-type": "application/json",
          "idempotency-key": "lost",
        },
        body: JSON.stringify({ name: "K", scopes: ["flows:read"] }),
      });
      return { status: response.status, body: await response.json() as ShownKey };
    };
    assertEquals((await lost()).status, 503);
    const found = await ada.post<Made>("/keys", { name: "K", scopes: ["flows:read"] }, { "idempotency-key": "lost" });
    assertEquals(found.status, 201);
    assertEquals((await bearer(api, found.body.key).get("/flows")).status, 200);
    const secretKeys = { ...api.env.secretKeys, default: "sb_secret_another0000000000000000" };
    const late = await lost({ ...api.env, secretKeys });
    assertEquals([late.status, late.body.id, late.body.key], [201, found.body.id, null]);
    assertEquals((await ada.get<{ data: unknown[] }>("/keys")).body.data.length, 1);
  }));

Deno.test("PATCH /keys/:id holds from the next request on", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const { id, key } = await makeKey(ada);
    const caller = bearer(api, key);
    assertEquals((await caller.post("/flows", { name: "F" })).status, 201);
    assertEquals((await ada.patch(`/keys/${id}`, { scopes: ["flows:read"] }, { "if-match": '"v9"' })).status, 412);
    const changed = await ada.patch<ApiKey>(`/keys/${id}`, { scopes: ["flows:read"], name: "Less" }, {
      "if-match": '"v1"',
    });
    assertEquals([changed.status, changed.body.scopes, changed.body.version], [200, ["flows:read"], 2]);
    assertEquals((await caller.post("/flows", { name: "F" })).status, 403);
    assertEquals((await caller.get("/flows")).status, 200);
    await ada.patch(`/keys/${id}`, { ip_allow: ["203.0.113.0/24"] });
    const refused = await caller.get("/flows");
    assertEquals([refused.status, refused.body.code], [403, "ip_not_allowed"]);
    // What a client says of itself changes nothing.
    assertEquals((await caller.get("/flows", { "x-forwarded-for": "203.0.113.7" })).status, 403);
    await ada.patch(`/keys/${id}`, { ip_allow: ["127.0.0.0/8"] });
    assertEquals((await caller.get("/flows")).status, 200);
  }));

Deno.test("a rotated key goes on for its overlap, or ends at once", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const old = await makeKey(ada, { name: "Old", ip_allow: ["127.0.0.1"], requests_per_minute: 50 });
    const first = await ada.post<Made>(`/keys/${old.id}/rotate`, { overlap_seconds: 3600 });
    assertEquals([first.status, first.body.rotated_from, first.body.name, first.body.ip_allow], [
      201,
      old.id,
      "Old",
      ["127.0.0.1/32"],
    ]);
    assertEquals([first.body.requests_per_minute, first.body.expires_at], [50, null]);
    for (const key of [old.key, first.body.key]) assertEquals((await bearer(api, key).get("/flows")).status, 200);
    const before = (await ada.get<ApiKey>(`/keys/${old.id}`)).body;
    assertEquals(before.status, "rotated");
    const left = Date.parse(before.expires_at ?? "") - Date.now();
    assert(left > 3_500_000 && left <= 3_600_000, `${left}`);
    assertEquals((await ada.post(`/keys/${old.id}/rotate`)).status, 409);

    const second = await ada.post<Made>(`/keys/${first.body.id}/rotate`, { overlap_seconds: 0 });
    assertEquals((await bearer(api, first.body.key).get("/flows")).status, 401);
    assertEquals((await bearer(api, second.body.key).get("/flows")).status, 200);
    assertEquals((await ada.get<ApiKey>(`/keys/${first.body.id}`)).body.status, "expired");
    await api.db.sql`update public.api_keys set expires_at = now() where id = ${old.id}`;
    assertEquals((await bearer(api, old.key).get("/flows")).status, 401);
    assertEquals((await ada.post(`/keys/${old.id}/rotate`)).status, 409);
  }));

Deno.test("an unknown, a revoked and an expired key get the same answer", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const [revoked, expired, gone] = [await makeKey(ada), await makeKey(ada), await makeKey(ada)];
    assertEquals((await ada.delete(`/keys/${revoked.id}`, { "if-match": '"v7"' })).status, 412);
    assertEquals((await ada.delete(`/keys/${revoked.id}`)).status, 204);
    assertEquals((await ada.delete(`/keys/${revoked.id}`)).status, 204);
    await api.db.sql`update public.api_keys set expires_at = now() - interval '1 second' where id = ${expired.id}`;
    await api.db.sql`delete from public.api_keys where id = ${gone.id}`;
    const answers = [];
    for (const { key } of [revoked, expired, gone]) {
      const { status, headers, body } = await bearer(api, key).get("/flows");
      const { request_id: _, ...rest } = body;
      answers.push({ status, authenticate: headers.get("www-authenticate"), rest });
    }
    assertEquals(answers[0]?.status, 401);
    assertEquals(answers[1], answers[0]);
    assertEquals(answers[2], answers[0]);
    assertEquals((await ada.get<ApiKey>(`/keys/${revoked.id}`)).body.status, "revoked");
    assertEquals((await ada.patch(`/keys/${revoked.id}`, { name: "Again" })).status, 409);
    assertEquals((await ada.post(`/keys/${revoked.id}/rotate`)).status, 409);
    const list = await ada.get<{ data: ApiKey[] }>("/keys?revoked=true");
    assertEquals(list.body.data.map(({ id }) => id), [revoked.id]);
  }));

Deno.test("a key has limits of its own, below the plan's", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const { key } = await makeKey(ada, { requests_per_minute: 60, request_burst: 3 });
    const caller = bearer(api, key);
    const statuses = [];
    for (let n = 0; n < 5; n++) statuses.push((await caller.get("/flows")).status);
    assertEquals(statuses.slice(0, 4), [200, 200, 200, 429]);
    // Another class has a bucket of its own, and so has everybody else.
    assertEquals((await caller.post("/flows", { name: "F" })).status, 201);
    assertEquals((await ada.get("/flows")).status, 200);
  }));

Deno.test("a key of a suspended organization reads only what may still be read", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const { key } = await makeKey(ada, { scopes: ["org:read", "flows:read"] });
    await api.db.sql`update public.organizations set suspended_at = now() where id = ${ada.organizationId}`;
    const refused = await bearer(api, key).get("/flows");
    assertEquals([refused.status, refused.body.detail], [403, "This organization is suspended"]);
    assertEquals((await bearer(api, key).get(`/orgs/${ada.organizationId}`)).status, 200);
  }));

Deno.test("last_used_at is written once a minute and is no change of the key", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const { id, key } = await makeKey(ada);
    assertEquals((await ada.get<ApiKey>(`/keys/${id}`)).body.last_used_at, null);
    await bearer(api, key).get("/flows");
    const used = (await ada.get<ApiKey>(`/keys/${id}`)).body;
    assert(used.last_used_at !== null);
    assertEquals(used.version, 1);
    await bearer(api, key).get("/flows");
    assertEquals((await ada.get<ApiKey>(`/keys/${id}`)).body.last_used_at, used.last_used_at);
    await api.db.sql`update public.api_keys set last_used_at = now() - interval '61 seconds' where id = ${id}`;
    // Somebody holds the row: the request does not wait for it.
    await api.db.sql.begin(async (sql) => {
      await sql`select 1 from public.api_keys where id = ${id} for update`;
      assertEquals((await bearer(api, key).get("/flows")).status, 200);
    });
    await bearer(api, key).get("/flows");
    const again = (await ada.get<ApiKey>(`/keys/${id}`)).body;
    assert(Date.parse(again.last_used_at ?? "") > Date.now() - 30_000);
  }));

Deno.test("a project without a signing key says so to keys, and everything else works", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const { key } = await makeKey(ada);
    const reply = await bearer(api, key).get("/flows");
    assertEquals([reply.status, reply.body.code], [501, "keys_not_set_up"]);
    assertStringIncludes(reply.body.detail ?? "", "MILLRACE_SIGNING_KEY");
    assertEquals((await bearer(api, `${key.slice(0, -1)}!`).get("/flows")).status, 401);
    assertEquals((await ada.get("/flows")).status, 200);
  }, { env: { MILLRACE_SIGNING_KEY: "" } }));

Deno.test("a key that is revoked during a burst stops at once, everywhere", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    await api.db.sql`update public.organizations set plan_id = 'enterprise' where id = ${ada.organizationId}`;
    const { id, key } = await makeKey(ada);
    const caller = bearer(api, key);
    const results: { readonly startedAt: number; readonly status: number }[] = [];
    const clients = Array.from({ length: 8 }, async () => {
      // On until each has been refused some times; the revocation comes in the middle.
      for (let refused = 0; refused < 5 && results.length < 2_000;) {
        const startedAt = performance.now();
        const { status } = await caller.get("/flows");
        results.push({ startedAt, status });
        if (status !== 200) refused++;
      }
    });
    await until(() => results.length >= 40);
    assertEquals((await ada.delete(`/keys/${id}`)).status, 204);
    const revokedAt = performance.now();
    await Promise.all(clients);
    const after = results.filter(({ startedAt }) => startedAt > revokedAt);
    assert(results.some(({ status }) => status === 200) && after.length >= 8);
    // Nothing that began after the revocation was answered passed: not within a second, and not one.
    assertEquals(new Set(after.map(({ status }) => status)), new Set([401]));
    assertEquals(new Set(results.map(({ status }) => status)), new Set([200, 401]));
  }));

Deno.test("a key's token, used by itself at the Data API, reads nothing once the key is revoked", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    await ada.post("/flows", { name: "F" });
    const { id, organization_id, scopes } = await makeKey(ada) as Made & { organization_id: string };
    const token = await keyToken(api.env, { id, organizationId: organization_id, mode: "live", scopes });
    const read = async (path: string) => {
      const response = await api.fetch(`${api.env.supabaseUrl}/rest/v1/${path}`, {
        headers: { apikey: api.env.publishableKeys.default!, authorization: `Bearer ${token}` },
      });
      return [response.status, await response.json()];
    };
    const names = [{ name: "F" }];
    assertEquals(await read("flows?select=name"), [200, names]);
    assertEquals(await read("organization_members?select=user_id"), [200, []]);
    assertEquals((await read("api_key_hashes?select=key_id"))[0], 404);
    // Nor is it a credential of the functions.
    assertEquals((await bearer(api, token).get("/flows")).status, 401);
    await ada.delete(`/keys/${id}`);
    assertEquals(await read("flows?select=name"), [200, []]);
  }));

Deno.test("a stream that a key opened ends when the key is revoked", () =>
  withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const flow = await ada.post<{ id: string }>("/flows", {
      name: "F",
      is_active: true,
      graph: draw(
        { start: ["trigger.manual"], hold: ["logic.wait", { config: { mode: "signal", signal: "go" } }] },
        "start>hold",
      ),
    });
    const run = await ada.post<{ id: string }>(`/flows/${flow.body.id}/run`, {});
    assertEquals(run.status, 202, JSON.stringify(run.body));
    const { id, key } = await makeKey(ada);
    const stream = bearer(api, key).get<string>(`/runs/${run.body.id}/events`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await ada.delete(`/keys/${id}`);
    const { status, body } = await stream;
    assertEquals(status, 200);
    assertStringIncludes(body, "event: run");
  }));

Deno.test("a key is nowhere but in the one answer: no log, no table", async () => {
  const lines: string[] = [];
  await withApi(ROUTERS, async (api) => {
    const ada = await api.createUser();
    const { id, key } = await makeKey(ada);
    const rotated = await ada.post<Made>(`/keys/${id}/rotate`, {}, { "idempotency-key": "turn" });
    for (const text of [key, rotated.body.key, `${key.slice(0, -1)}!`]) {
      for (const path of ["/flows", "/flows/nope", "/runs?limit=0"]) {
        await bearer(api, text).get(path);
        await api.caller({ "x-api-key": text }).get(path);
      }
    }
    const tables = await api.db.sql<{ name: string }[]>`
      select c.oid::regclass::text as name from pg_class c
      where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)`;
    for (const secret of [key, rotated.body.key]) {
      const body = secret.slice(12, -4);
      for (const { name } of tables) {
        const [row] = await api.db.sql.unsafe(
          `select count(*)::int as n from ${name} t where t::text like '%${body}%'`,
        );
        assertEquals(row?.n, 0, name);
      }
      assert(!lines.some((line) => line.includes(body)), "a line holds a key");
    }
    assert(lines.length > 10);
  }, { env: { LOG_LEVEL: "debug" }, app: { write: (line) => void lines.push(JSON.stringify(line)) } });
});

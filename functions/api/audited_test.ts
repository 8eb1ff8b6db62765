/**
 * What must stand in the audit log besides changes: readings of what is sensitive, refused credentials and permissions,
 * blocks for limits, and what operators do; one test each, over HTTP. (Values of secrets that are looked at:
 * functions/secrets/secrets_test.ts.)
 *
 * @module
 */
import { SignJWT } from "jose";
import { requestProofKey } from "../../shared/audit/mod.ts";
import { toHex } from "../../shared/bytes/mod.ts";
import { backgroundSettled, createApp } from "../../shared/http/mod.ts";
import { type AnyBody, type ApiUser, type TestApi, withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { FUNCTIONS } from "./mounts.ts";

const routers = await Promise.all([
  FUNCTIONS.admin(),
  FUNCTIONS.audit(),
  FUNCTIONS.flows(),
  FUNCTIONS.keys(),
  FUNCTIONS.orgs(),
  FUNCTIONS.runs(),
  FUNCTIONS.secrets(),
]);

interface Row {
  action: string;
  actor: string;
  via: string;
  request_id: string | null;
  organization_id: string;
  user_id: string | null;
  key_id: string | null;
  target_type: string;
  target_id: string | null;
  text: string;
}

/** Rows of an action, the oldest first, whosever log they are in. */
async function rowsOf(api: TestApi, action: string): Promise<Row[]> {
  await backgroundSettled();
  return (await api.db.sql<Row[]>`
    select action, actor, via, request_id, organization_id, user_id, key_id, target_type, target_id,
      concat_ws(' ', before, after, details) as text
    from public.audit_events where action = ${action} order by id`).map((row) => ({ ...row }));
}

/** The only row of an action. Its request is known and proven. */
async function rowOf(api: TestApi, action: string): Promise<Row> {
  const rows = await rowsOf(api, action);
  assertEquals(rows.length, 1, `${action}: ${JSON.stringify(rows)}`);
  assertEquals([rows[0]!.via, rows[0]!.request_id !== null], ["function", true], action);
  return rows[0]!;
}

/** Somebody at an address outside, past the local gateway, which would write an address of its own. */
function bearer(api: TestApi, token: string) {
  const options = { env: api.env, fetch: api.fetch, write: () => {} };
  const apps = Object.fromEntries(routers.map((router) => [router.name, createApp(router.name, router, options)]));
  const send = async (method: string, path: string, body?: unknown) => {
    const response = await apps[path.split("/")[1]!]!.request(path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "x-forwarded-for": "198.51.100.1",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { status, headers } = response;
    return { status, headers, body: await response.json() as AnyBody };
  };
  return { get: (path: string) => send("GET", path), post: (path: string, body: unknown) => send("POST", path, body) };
}

async function make<T = AnyBody>(user: ApiUser, path: string, body: unknown): Promise<T> {
  const reply = await user.post<T>(path, body);
  assertEquals(reply.status, 201, JSON.stringify(reply.body));
  return reply.body;
}

const makeKey = (user: ApiUser, settings: Record<string, unknown> = {}) =>
  make<{ id: string; key: string }>(user, "/keys", { name: "Key", scopes: ["flows:read"], ...settings });

/** A test with Ada, who owns an organization. */
function audited(name: string, fn: (api: TestApi, ada: ApiUser) => Promise<void>): void {
  Deno.test(`audited: ${name}`, () =>
    withApi(routers, async (api) => {
      const key = toHex(await requestProofKey(api.env.secretKeys.default));
      await api.db.sql`select engine.set_request_proof_key(${key})`;
      await fn(api, await api.createUser());
    }));
}

audited("an API key is shown to who makes it, and to who rotates it", async (api, ada) => {
  const made = await makeKey(ada);
  const rotated = await ada.post<{ id: string; key: string }>(`/keys/${made.id}/rotate`, {});
  assert(rotated.status < 300, JSON.stringify(rotated.body));
  const rows = await rowsOf(api, "key.created");
  assertEquals(rows.map(({ user_id, target_id, via }) => [user_id, target_id, via]), [
    [ada.id, made.id, "function"],
    [ada.id, rotated.body.id, "function"],
  ]);
  assert(!rows.some(({ text }) => text.includes(made.key) || text.includes(rotated.body.key)));
});

audited("the log is read, exported and verified", async (api, ada) => {
  await ada.get("/audit?q=anything");
  await ada.get("/audit/export");
  await ada.get("/audit/verify");
  for (const action of ["audit.read", "audit.exported", "audit.verified"]) {
    assertEquals((await rowOf(api, action)).user_id, ada.id);
  }
  assert((await rowOf(api, "audit.read")).text.includes("anything"));
});

audited("a token that nobody signed is refused", async (api) => {
  const token = await new SignJWT({ role: "authenticated" }).setProtectedHeader({ alg: "HS256" })
    .setSubject(crypto.randomUUID()).setExpirationTime("1h").sign(crypto.getRandomValues(new Uint8Array(32)));
  expectProblem(await bearer(api, token).get("/flows"), "unauthorized");
  const row = await rowOf(api, "credential.refused");
  assertEquals([row.actor, row.user_id], ["anonymous", null]);
  assert(!row.text.includes(token) && row.text.includes("listFlows"));
});

audited("a revoked key is refused", async (api, ada) => {
  const made = await makeKey(ada);
  assertEquals((await ada.delete(`/keys/${made.id}`)).status, 204);
  expectProblem(await bearer(api, made.key).get("/flows"), "unauthorized");
  const row = await rowOf(api, "credential.refused");
  assert(!row.text.includes(made.key));
  assertEquals((await rowOf(api, "key.revoked")).target_id, made.id);
});

audited("a second factor is missing", async (api, ada) => {
  const { id } = await make(ada, "/secrets", { name: "CRM_KEY", value: "correct-horse-battery" });
  await api.db
    .sql`insert into auth.mfa_factors (user_id, friendly_name, status) values (${ada.id}, 'Phone', 'verified')`;
  expectProblem(await bearer(api, ada.token).post(`/secrets/${id}/reveal`, {}), "mfa_required");
  const row = await rowOf(api, "mfa.required");
  assertEquals([row.user_id, row.organization_id], [ada.id, ada.organizationId]);
  assertEquals(await rowsOf(api, "secret.revealed"), []);
});

audited("a role, and a key, lack a permission", async (api, ada) => {
  const guest = await api.createMember(ada.organizationId, "guest");
  expectProblem(await bearer(api, guest.token).post("/flows", {}), "forbidden");
  const made = await makeKey(ada);
  expectProblem(await bearer(api, made.key).get("/runs"), "forbidden");
  const rows = await rowsOf(api, "permission.denied");
  assertEquals(rows.map(({ organization_id, actor, user_id, key_id }) => [organization_id, actor, user_id, key_id]), [
    [ada.organizationId, "user", guest.id, null],
    [ada.organizationId, "key", ada.id, made.id],
  ]);
});

audited("a limit blocks a key", async (api, ada) => {
  const made = await makeKey(ada, { requests_per_minute: 1, request_burst: 1 });
  const statuses: number[] = [];
  for (let index = 0; index < 25; index++) statuses.push((await bearer(api, made.key).get("/flows")).status);
  assertEquals(statuses.filter((status) => status !== 429), [200]);
  const row = await rowOf(api, "limit.blocked");
  assertEquals([row.organization_id, row.actor, row.key_id], [ada.organizationId, "key", made.id]);
});

audited("an operator gives a limit by hand and takes it away", async (api, ada) => {
  const subject = { subject_kind: "org", subject_id: ada.organizationId };
  const given = { ...subject, request_limit: 5000, burst: 700, reason: "Mondays" };
  assertEquals((await api.operator.send("PUT", "/admin/limits/overrides", given)).status, 200);
  const path = `/admin/limits/overrides?subject_kind=org&subject_id=${ada.organizationId}`;
  assertEquals((await api.operator.delete(path)).status, 204);
  await api.operator.post("/admin/limits/buckets/reset", subject);
  for (const action of ["rate_limit_override.set", "rate_limit_override.removed", "rate_limit.reset"]) {
    const row = await rowOf(api, action);
    assertEquals([row.actor, row.target_id], ["service", ada.organizationId]);
  }
});

audited("an operator blocks an address and lets it in again", async (api) => {
  const { body } = await api.operator.send("PUT", "/admin/ip-blocks", { network: "203.0.113.0/24", reason: "Test" });
  assertEquals((await api.operator.delete(`/admin/ip-blocks/${body["id"]}`)).status, 204);
  for (const action of ["ip.blocked", "ip.unblocked"]) {
    const row = await rowOf(api, action);
    assertEquals([row.actor, row.target_id, row.text.includes("203.0.113.0/24")], [
      "service",
      body["id"] as string,
      true,
    ]);
  }
});

audited("an operator switches a flag, and when addresses are blocked", async (api) => {
  assertEquals((await api.operator.send("PUT", "/admin/flags", { name: "new_editor", percentage: 50 })).status, 200);
  assertEquals((await rowOf(api, "flag.set")).actor, "service");
  const changed = await api.operator.send("PUT", "/admin/blocking-settings", {
    ip_block_after: 60,
    ip_block_window_seconds: 600,
    ip_block_seconds: 3600,
    ip_never_block: [],
  });
  assertEquals(changed.status, 200, JSON.stringify(changed.body));
  assertEquals((await rowOf(api, "blocking_settings.updated")).actor, "service");
});

audited("an operator suspends an organization and lets it go on", async (api, ada) => {
  const path = `/orgs/${ada.organizationId}`;
  const suspended = await api.operator.post(`${path}/suspend`, { reason: "Unpaid" });
  assertEquals(suspended.status, 200, JSON.stringify(suspended.body));
  assertEquals((await api.operator.post(`${path}/resume`, {})).status, 200);
  for (const action of ["organization.suspended", "organization.resumed"]) {
    const row = await rowOf(api, action);
    assertEquals([row.actor, row.organization_id], ["service", ada.organizationId]);
  }
});

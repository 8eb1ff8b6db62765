import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase, TestUser } from "../helpers/postgres.ts";
import { generateApiKey } from "../../shared/auth/mod.ts";
import { scenarios } from "./_scenarios.ts";
import {
  type Arguments,
  assertFails,
  createFlow,
  createTenant,
  failureOf,
  parallel,
  rpc,
  service,
  startRun,
  type Tenant,
} from "./_world.ts";

interface KeyRow {
  id: string;
  organization_id: string;
  mode: string;
  scopes: string[];
  expires_at: string | null;
  revoked_at: string | null;
  rotated_from: string | null;
  created_by: string | null;
  version: number;
  is_new: boolean;
}

interface Made {
  row: KeyRow;
  text: string;
  hash: string;
  /** Who acts by it, as its token says. */
  holder: TestUser;
}

interface KeyGate {
  user_id: string | null;
  key: { id: string; mode: string };
  organization_id: string;
  permissions: string[];
  rate: { allowed: boolean; limit: number };
}

/** As the tokens of a key are. */
function holderOf(row: KeyRow): TestUser {
  const { id } = row;
  const millrace = { key: id, org: row.organization_id, scopes: row.scopes, mode: row.mode };
  return { id, email: "", claims: { sub: id, role: "authenticated", aud: "authenticated", millrace } };
}

async function makeKey(
  db: TestDatabase,
  tenant: Tenant,
  settings: Record<string, unknown> = {},
  args: Arguments = {},
): Promise<Made> {
  const made = await generateApiKey("live");
  const row = await rpc<unknown>(db, tenant.user, "create_api_key", {
    p_organization_id: tenant.organizationId,
    p_mode: "live",
    p_settings: {
      name: "Key",
      scopes: ["flows:read", "flows:write", "runs:read", "runs:execute"],
      ...settings,
    } as never,
    p_secret_hash: made.hash,
    p_prefix: made.prefix,
    p_last_four: made.lastFour,
    ...args,
  }) as KeyRow;
  return { row, text: made.text, hash: made.hash, holder: holderOf(row) };
}

function gate(db: TestDatabase, hash: string, args: Arguments = {}): Promise<KeyGate> {
  return service<unknown>(db, "gate_key", { p_secret_hash: hash, ...args }) as Promise<KeyGate>;
}

scenarios("API keys", {
  "engine.gate_key()": {
    "finds a key by its hash": async (db) => {
      const tenant = await createTenant(db);
      const { row, hash } = await makeKey(db, tenant);
      const answer = await gate(db, hash);
      assertEquals(answer.key, { id: row.id, mode: "live" });
      assertEquals([answer.organization_id, answer.user_id], [tenant.organizationId, tenant.user.id]);
      assertEquals(answer.permissions, ["flows:read", "flows:write", "runs:execute", "runs:read"]);
      assert(answer.rate.allowed);
    },
    "answers whatever opens nothing alike": async (db) => {
      const tenant = await createTenant(db);
      const [revoked, expired] = [await makeKey(db, tenant), await makeKey(db, tenant)];
      await rpc(db, tenant.user, "revoke_api_key", { p_key_id: revoked.row.id });
      await db.sql`update public.api_keys set expires_at = now() where id = ${expired.row.id}`;
      const failures = [];
      for (const hash of [revoked.hash, expired.hash, "0".repeat(64), "", "z".repeat(64), "' or true --", null]) {
        failures.push(await failureOf(gate(db, hash as string)));
      }
      assertEquals(failures[0], { code: "unauthorized", message: "The API key is not valid", status: 401 });
      for (const failure of failures) assertEquals(failure, failures[0]!);
    },
    "knows only the key's own organization": async (db) => {
      const [tenant, other] = [await createTenant(db), await createTenant(db)];
      const { hash } = await makeKey(db, tenant);
      await gate(db, hash, { p_organization_id: tenant.organizationId });
      await assertFails(gate(db, hash, { p_organization_id: other.organizationId }), "not_found", 404);
      await assertFails(gate(db, hash, { p_organization_id: crypto.randomUUID() }), "not_found", 404);
    },
    "lets a key in from its networks only": async (db) => {
      const tenant = await createTenant(db);
      const { hash } = await makeKey(db, tenant, { ip_allow: ["203.0.113.0/24", "2001:db8::/32"] });
      for (const ip of ["203.0.113.7", "2001:db8::1"]) await gate(db, hash, { p_ip: ip });
      for (const ip of ["203.0.114.7", "2001:db9::1", "::ffff:203.0.113.7", null]) {
        await assertFails(gate(db, hash, { p_ip: ip }), "ip_not_allowed", 403);
      }
      const open = await makeKey(db, tenant);
      await gate(db, open.hash, { p_ip: null });
    },
    "takes from the key's bucket and the organization's": async (db) => {
      const tenant = await createTenant(db);
      const { hash } = await makeKey(db, tenant, { requests_per_minute: 6, request_burst: 2 });
      const now = "2040-01-01T00:00:00Z";
      const take = async () =>
        (await service<unknown>(db, "gate_key", { p_secret_hash: hash, p_route: "read" }, { now }) as KeyGate).rate;
      assertEquals([(await take()).allowed, (await take()).allowed, (await take()).allowed], [true, true, false]);
      // Never more than the plan.
      const greedy = await makeKey(db, await createTenant(db), {
        requests_per_minute: 900_000,
        request_burst: 900_000,
      });
      assertEquals((await gate(db, greedy.hash)).rate.limit, 100);
    },
    "tells what may still be done in an organization that is suspended or about to go": async (db) => {
      const tenant = await createTenant(db);
      const { hash } = await makeKey(db, tenant, { scopes: ["org:read", "flows:read", "flows:write"] });
      const set = (column: string) =>
        db.sql.unsafe(`update public.organizations set ${column} where id = '${tenant.organizationId}'`);
      await set("suspended_at = now()");
      assertEquals((await gate(db, hash)).permissions, ["org:read"]);
      await set("suspended_at = null, deletes_at = now() + interval '1 day'");
      assertEquals((await gate(db, hash)).permissions, ["flows:read", "org:read"]);
    },
  },
  "a key's token": {
    "reads and changes what its scopes say, in its organization": async (db) => {
      const [tenant, other] = [await createTenant(db), await createTenant(db)];
      const [flow, foreign] = [await createFlow(db, tenant), await createFlow(db, other)];
      const { holder } = await makeKey(db, tenant);
      const seen = await db.as("authenticated", holder.claims, (sql) => sql`select id from public.flows`);
      assertEquals(seen.map(({ id }) => id), [flow]);
      const run = await startRun(db, { ...tenant, user: holder }, flow);
      const [row] = await db.sql`select created_by from public.runs where id = ${run}`;
      assertEquals(row?.created_by, tenant.user.id);
      await assertFails(rpc(db, holder, "start_run", { p_flow_id: foreign }), "not_found", 404);
      for (const table of ["profiles", "organization_members", "organizations", "api_keys", "webhook_endpoints"]) {
        const rows = await db.as("authenticated", holder.claims, (sql) => sql.unsafe(`select * from public.${table}`));
        assertEquals(rows.length, 0, table);
      }
      const reader = (await makeKey(db, tenant, { scopes: ["flows:read"] })).holder;
      await assertFails(rpc(db, reader, "start_run", { p_flow_id: flow }), "forbidden", 403);
      assertEquals((await db.as("authenticated", reader.claims, (sql) => sql`select 1 from public.runs`)).length, 0);
    },
    "opens nothing from the moment the key is revoked, rotated out or loses the scope": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      const count = async (holder: TestUser) =>
        (await db.as("authenticated", holder.claims, (sql) => sql`select 1 from public.flows`)).length;
      const [revoked, rotated, lesser] = [
        await makeKey(db, tenant),
        await makeKey(db, tenant),
        await makeKey(db, tenant),
      ];
      for (const { holder } of [revoked, rotated, lesser]) assertEquals(await count(holder), 1);
      await rpc(db, tenant.user, "revoke_api_key", { p_key_id: revoked.row.id });
      const next = await generateApiKey("live");
      await rpc(db, tenant.user, "rotate_api_key", {
        p_key_id: rotated.row.id,
        p_secret_hash: next.hash,
        p_prefix: next.prefix,
        p_last_four: next.lastFour,
        p_overlap_seconds: 0,
      });
      await rpc(db, tenant.user, "update_api_key", {
        p_key_id: lesser.row.id,
        p_changes: { scopes: ["runs:read"] },
      });
      for (const { holder } of [revoked, rotated, lesser]) assertEquals(await count(holder), 0);
      for (const { holder } of [revoked, rotated]) {
        await assertFails(rpc(db, holder, "start_run", { p_flow_id: flow }), "unauthorized", 401);
      }
      await assertFails(rpc(db, lesser.holder, "start_run", { p_flow_id: flow }), "forbidden", 403);
    },
    "is no person's, whatever a function asks of one": async (db) => {
      const tenant = await createTenant(db);
      const { holder, row } = await makeKey(db, tenant, { scopes: ["keys:read", "org:write", "members:read"] });
      await assertFails(rpc(db, holder, "gate"), "forbidden", 403);
      await assertFails(rpc(db, holder, "sync_profile"), "forbidden", 403);
      await assertFails(rpc(db, holder, "revoke_api_key", { p_key_id: row.id }), "forbidden", 403);
      const [count] = await db.sql`select count(*)::int as n from public.profiles where id = ${row.id}`;
      assertEquals(count?.n, 0);
    },
    "says nothing by its claims that the key's row does not": async (db) => {
      const [tenant, other] = [await createTenant(db), await createTenant(db)];
      await createFlow(db, other);
      const { row } = await makeKey(db, tenant, { scopes: ["org:read"] });
      // As if the signing key were used by somebody who lies.
      const claims = {
        ...holderOf(row).claims,
        millrace: { key: row.id, org: other.organizationId, scopes: ["flows:read", "org:own"], mode: "live" },
      };
      assertEquals((await db.as("authenticated", claims, (sql) => sql`select 1 from public.flows`)).length, 0);
      const unknown = { ...claims, millrace: { key: crypto.randomUUID() } };
      assertEquals((await db.as("authenticated", unknown, (sql) => sql`select 1 from public.flows`)).length, 0);
    },
    "goes on when the account of who made the key is gone": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      const { holder, hash } = await makeKey(db, tenant);
      await db.sql`update public.api_keys set created_by = null where id = ${holder.id}`;
      assertEquals((await gate(db, hash)).user_id, null);
      const run = await startRun(db, { ...tenant, user: holder }, flow);
      const [row] = await db.sql`select created_by from public.runs where id = ${run}`;
      assertEquals(row?.created_by, null);
      const operation = await rpc<unknown>(db, holder, "create_bulk_operation", {
        p_organization_id: tenant.organizationId,
        p_action: "cancel",
        p_filter: { flow_id: flow },
      }) as { id: string };
      await service(db, "work_bulk_operation", { p_operation_id: operation.id });
      const [after] = await db.sql`select status from public.runs where id = ${run}`;
      assertEquals(after?.status, "cancelled");
    },
    "ends a bulk operation of a key that was revoked meanwhile": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      const { holder } = await makeKey(db, tenant);
      const run = await startRun(db, tenant, flow);
      const operation = await rpc<unknown>(db, holder, "create_bulk_operation", {
        p_organization_id: tenant.organizationId,
        p_action: "cancel",
        p_filter: { flow_id: flow },
      }) as { id: string };
      await rpc(db, tenant.user, "revoke_api_key", { p_key_id: holder.id });
      await service(db, "work_bulk_operation", { p_operation_id: operation.id });
      const [row] = await db.sql`select status, error from public.bulk_operations where id = ${operation.id}`;
      assertEquals([row?.status, row?.error.message], ["failed", "The API key is not valid"]);
      const [after] = await db.sql`select status from public.runs where id = ${run}`;
      assertEquals(after?.status, "queued");
    },
  },
  "making keys": {
    "makes one of many that come at once with one idempotency key": async (db) => {
      const tenant = await createTenant(db);
      const made = await parallel(20, () => makeKey(db, tenant, {}, { p_idempotency_key: "once" }));
      assertEquals(new Set(made.map(({ row }) => row.id)).size, 1);
      assertEquals(made.filter(({ row }) => row.is_new).length, 1);
      const [stored] = await db.sql`select reply::text as reply from private.idempotency_keys where key = 'once'`;
      for (const { text, hash } of made) {
        assert(!stored?.reply.includes(text.slice(12, -4)) && !stored?.reply.includes(hash));
      }
    },
    "takes no key whose form is none, and none twice": async (db) => {
      const tenant = await createTenant(db);
      for (
        const args of [
          { p_secret_hash: "x" },
          { p_secret_hash: null },
          { p_prefix: "mr_test_abcd" },
          { p_prefix: "mr_live_abcdefgh" },
          { p_last_four: "abc" },
          { p_mode: "prod" },
          { p_mode: null },
        ]
      ) await assertFails(makeKey(db, tenant, {}, args), "invalid_request", 400);
      for (
        const settings of [
          { revoked_at: null },
          { last_used_at: "2026-01-01" },
          { organization_id: crypto.randomUUID() },
          { created_by: null },
          { scopes: "flows:read" },
          { scopes: [null] },
          { scopes: null },
          { ip_allow: ["10.0.0.1/8"] },
          { ip_allow: [null] },
          { name: null },
          { request_burst: -1 },
          { expires_at: "yesterday" },
        ]
      ) await assertFails(makeKey(db, tenant, settings), "invalid_request", 400);
      const { hash } = await makeKey(db, tenant);
      await assertFails(makeKey(db, tenant, {}, { p_secret_hash: hash }), "conflict", 409);
    },
    "stops at the plan's number in force, however they come": async (db) => {
      const tenant = await createTenant(db);
      await db.sql`update public.organizations set plan_id = 'team' where id = ${tenant.organizationId}`;
      await db.sql`
        insert into public.api_keys (organization_id, name, mode, prefix, last_four, scopes)
        select ${tenant.organizationId}, 'k', 'live', 'mr_live_abcd', 'wxyz', '{flows:read}' from generate_series(1, 195)`;
      const outcomes = await Promise.allSettled(
        await parallel(10, () => Promise.resolve(makeKey(db, tenant).then(() => 1, () => 0))),
      );
      const made = outcomes.map((outcome) => outcome.status === "fulfilled" ? outcome.value : 0);
      assertEquals(made.filter((one) => one === 1).length, 5);
      await assertFails(makeKey(db, tenant), "plan_limit_reached", 402);
    },
    "refuses scopes for people only in the table too": async (db) => {
      const tenant = await createTenant(db);
      for (const scope of ["org:own", "members:write", "keys:write", "billing:write"]) {
        const call = db.sql`
          insert into public.api_keys (organization_id, name, mode, prefix, last_four, scopes)
          values (${tenant.organizationId}, 'k', 'live', 'mr_live_abcd', 'wxyz', array['flows:read', ${scope}])`;
        assertEquals((await failureOf(call)).code, "23514");
      }
    },
  },
  "rotation": {
    "gives a key that had an end one as far away": async (db) => {
      const tenant = await createTenant(db);
      const { row } = await makeKey(db, tenant, { expires_at: new Date(Date.now() + 86_400_000 * 30).toISOString() });
      const next = await generateApiKey("live");
      const rotate = (args: Arguments) =>
        rpc<unknown>(db, tenant.user, "rotate_api_key", {
          p_key_id: row.id,
          p_secret_hash: next.hash,
          p_prefix: next.prefix,
          p_last_four: next.lastFour,
          ...args,
        }) as Promise<KeyRow>;
      await assertFails(rotate({ p_overlap_seconds: -1 }), "invalid_request", 400);
      await assertFails(rotate({ p_overlap_seconds: 2_592_001 }), "invalid_request", 400);
      await assertFails(rotate({ p_if_version: 7 }), "version_mismatch", 412);
      const made = await rotate({ p_overlap_seconds: 60, p_idempotency_key: "turn" });
      const days = (Date.parse(made.expires_at ?? "") - Date.now()) / 86_400_000;
      assert(days > 29.9 && days < 30.1, `${days}`);
      assertEquals((await rotate({ p_overlap_seconds: 60, p_idempotency_key: "turn" })).is_new, false);
      const [old] = await db.sql`
        select rotated_at is not null as rotated, expires_at <= now() + interval '1 minute' as soon from public.api_keys where id = ${row.id}`;
      assertEquals([old?.rotated, old?.soon], [true, true]);
    },
  },
  "the audit log": {
    "tells of every change of a key, never of its use or its text": async (db) => {
      const tenant = await createTenant(db);
      const { row, hash, text } = await makeKey(db, tenant);
      await gate(db, hash);
      await rpc(db, tenant.user, "update_api_key", { p_key_id: row.id, p_changes: { name: "Other" } });
      await rpc(db, tenant.user, "revoke_api_key", { p_key_id: row.id });
      const events = await db.sql`
        select action, e::text as text from public.audit_events e
        where e.target_id = ${row.id} order by e.id`;
      assertEquals(events.map(({ action }) => action), ["key.created", "key.updated", "key.revoked"]);
      for (const event of events) assert(!event.text.includes(text.slice(12, -6)) && !event.text.includes(hash));
    },
  },
});

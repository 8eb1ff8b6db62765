import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import {
  addMember,
  assertFails,
  createFlow,
  createTenant,
  failureOf,
  MEMBER_ROLES,
  type MemberRole,
  parallel,
  rpc,
  unusedId,
} from "./_world.ts";

interface Gate {
  user_id: string;
  organization_id: string;
  role: string;
  permissions: string[];
  suspended: boolean;
  plan: string;
  limits: Record<string, number | null>;
  rate: { allowed: boolean; remaining: number };
}

/** What each role may do; the same as in private.role_permissions, written down a second time on purpose. */
const PERMISSIONS: Record<MemberRole, string[]> = {
  owner: [
    "audit:read",
    "billing:read",
    "billing:write",
    "flows:read",
    "flows:write",
    "keys:read",
    "keys:write",
    "mail:read",
    "mail:write",
    "members:read",
    "members:write",
    "org:own",
    "org:read",
    "org:write",
    "runs:execute",
    "runs:read",
    "secrets:read",
    "secrets:write",
    "webhooks:read",
    "webhooks:write",
    "workspaces:write",
  ],
  admin: [
    "audit:read",
    "billing:read",
    "flows:read",
    "flows:write",
    "keys:read",
    "keys:write",
    "mail:read",
    "mail:write",
    "members:read",
    "members:write",
    "org:read",
    "org:write",
    "runs:execute",
    "runs:read",
    "secrets:read",
    "secrets:write",
    "webhooks:read",
    "webhooks:write",
    "workspaces:write",
  ],
  developer: [
    "flows:read",
    "flows:write",
    "keys:read",
    "mail:read",
    "members:read",
    "org:read",
    "runs:execute",
    "runs:read",
    "secrets:read",
    "secrets:write",
    "webhooks:read",
    "webhooks:write",
    "workspaces:write",
  ],
  member: ["flows:read", "members:read", "org:read", "runs:execute", "runs:read", "webhooks:read"],
  viewer: ["flows:read", "members:read", "org:read", "runs:read"],
  guest: ["flows:read", "org:read"],
};

async function tenantRows(db: TestDatabase, userId: string) {
  const [row] = await db.sql`
    select (select count(*)::int from public.profiles where id = ${userId}) as profiles,
      (select count(*)::int from public.organizations where created_by = ${userId}) as organizations,
      (select count(*)::int from public.organization_members where user_id = ${userId}) as members,
      (select count(*)::int from public.workspaces w join public.organizations o on o.id = w.organization_id
       where o.created_by = ${userId} and w.is_default) as workspaces`;
  return { ...row };
}

scenarios("tenancy", {
  "public.gate()": {
    "makes profile, organization, workspace and membership on a person's first call": async (db) => {
      const user = await db.createUser("ada@example.com");
      const gate = await rpc<Gate>(db, user, "gate");
      assertEquals(await tenantRows(db, user.id), { profiles: 1, organizations: 1, members: 1, workspaces: 1 });
      assertEquals([gate.user_id, gate.role, gate.plan, gate.suspended], [user.id, "owner", "free", false]);
      const [row] = await db.sql`
        select o.name, o.plan_id, p.email from public.organizations o, public.profiles p
        where o.id = ${gate.organization_id} and p.id = ${user.id}`;
      assertEquals({ ...row }, { name: "ada's organization", plan_id: "free", email: "ada@example.com" });
      assertEquals((await rpc<Gate>(db, user, "gate")).organization_id, gate.organization_id);
      assertEquals(await tenantRows(db, user.id), { profiles: 1, organizations: 1, members: 1, workspaces: 1 });
    },
    "makes them once for ten first calls at once": async (db) => {
      const user = await db.createUser();
      const gates = await parallel(10, () => rpc<Gate>(db, user, "gate"));
      assertEquals(new Set(gates.map((gate) => gate.organization_id)).size, 1);
      assertEquals(await tenantRows(db, user.id), { profiles: 1, organizations: 1, members: 1, workspaces: 1 });
      assertEquals(gates.map((gate) => gate.rate.remaining).toSorted((a, b) => a - b)[0], 90);
    },
    "names the organization of a user without an address, and of one with a long one": async (db) => {
      for (const email of [null, `${"x".repeat(240)}@example.com`]) {
        const user = await db.createUser();
        await db.sql`update auth.users set email = ${email} where id = ${user.id}`;
        assert((await rpc<Gate>(db, user, "gate")).organization_id);
      }
    },
    "knows each role's permissions": async (db) => {
      const { organizationId } = await createTenant(db);
      for (const role of MEMBER_ROLES) {
        const user = await addMember(db, organizationId, role);
        const gate = await rpc<Gate>(db, user, "gate", { p_organization_id: organizationId });
        assertEquals([gate.role, gate.permissions], [role, PERMISSIONS[role]]);
      }
      const [row] = await db.sql`select count(*)::int as n from private.role_permissions`;
      assertEquals(row?.n, Object.values(PERMISSIONS).flat().length);
    },
    "gives the plan's limits": async (db) => {
      const { user, organizationId } = await createTenant(db);
      await db.sql`update public.organizations set plan_id = 'team' where id = ${organizationId}`;
      const gate = await rpc<Gate>(db, user, "gate");
      assertEquals(gate.plan, "team");
      assertEquals(gate.limits, {
        requests_per_minute: 3000,
        request_burst: 600,
        max_flows: 1000,
        max_webhook_endpoints: 1000,
        hook_requests_per_minute: 12000,
        max_run_seconds: 2592000,
        max_concurrent_runs: 5000,
        max_schedules: 1000,
        queue_weight: 4,
        max_concurrent_jobs: null,
        organization_requests_per_minute: 30000,
        organization_request_burst: 4000,
        max_members: 200,
        max_workspaces: 100,
        max_api_keys: 200,
        max_secrets: 1000,
        max_webhook_subscriptions: 500,
        max_runs_per_month: 2000000,
        included_seats: 5,
      });
    },
    "answers for another's organization as for one that does not exist": async (db) => {
      const [mine, other] = [await createTenant(db), await createTenant(db)];
      const failures = [];
      for (const id of [other.organizationId, unusedId()]) {
        failures.push(await failureOf(rpc(db, mine.user, "gate", { p_organization_id: id })));
      }
      assertEquals(failures[0], { code: "not_found", message: "No such organization", status: 404 });
      assertEquals(failures[1], failures[0]);
    },
    "takes the first organization a person joined, unless another is named": async (db) => {
      const [mine, other] = [await createTenant(db), await createTenant(db)];
      await db.sql`
        insert into public.organization_members (organization_id, user_id, role)
        values (${other.organizationId}, ${mine.user.id}, 'viewer')`;
      assertEquals((await rpc<Gate>(db, mine.user, "gate")).organization_id, mine.organizationId);
      const named = await rpc<Gate>(db, mine.user, "gate", { p_organization_id: other.organizationId });
      assertEquals([named.organization_id, named.role], [other.organizationId, "viewer"]);
    },
    "a suspended organization can be seen and nothing else": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      await db.sql`update public.organizations set suspended_at = now() where id = ${tenant.organizationId}`;
      const gate = await rpc<Gate>(db, tenant.user, "gate");
      assertEquals([gate.suspended, gate.permissions], [true, ["org:read"]]);
      await assertFails(rpc(db, tenant.user, "save_flow", { p_flow_id: flow }), "forbidden", 403);
      await assertFails(rpc(db, tenant.user, "start_run", { p_flow_id: flow }), "forbidden", 403);
      const seen = await db.as("authenticated", tenant.user.claims, async (sql) => [
        (await sql`select from public.organizations`).length,
        (await sql`select from public.flows`).length,
        (await sql`select from public.flow_versions`).length,
      ]);
      assertEquals(seen, [1, 0, 0]);
    },
    "takes a token of the route's class": async (db) => {
      const { user, organizationId } = await createTenant(db);
      const now = "2040-01-01T00:00:00Z";
      const call = (route: string) => rpc<Gate>(db, user, "gate", { p_route: route }, { now });
      assertEquals((await call("read")).rate.remaining, 99);
      assertEquals((await call("read")).rate.remaining, 98);
      assertEquals((await call("write")).rate.remaining, 99);
      await db.sql`update public.organizations set plan_id = 'pro' where id = ${organizationId}`;
      assertEquals((await call("run")).rate.remaining, 299);
    },
    "refuses a route class that does not exist": async (db) => {
      const { user } = await createTenant(db);
      for (const route of ["other", "", null]) {
        await assertFails(rpc(db, user, "gate", { p_route: route }), "invalid_request", 400);
      }
    },
    "refuses who is not signed in, or not there any more": async (db) => {
      const { user } = await createTenant(db);
      await assertFails(rpc(db, { ...user, claims: {} }, "gate"), "unauthorized", 401);
      const gone = await db.createUser();
      await db.sql`delete from auth.users where id = ${gone.id}`;
      await assertFails(rpc(db, gone, "gate"), "unauthorized", 401);
      const call = db.as("anon", {}, (sql) => sql`select public.gate()`);
      assertEquals((await failureOf(call)).code, "42501");
    },
  },
  "public.sync_profile()": {
    "copies the address and keeps the name, raising the version only for a change": async (db) => {
      const user = await db.createUser("old@example.com");
      const first = await rpc<Record<string, unknown>>(db, user, "sync_profile", { p_display_name: "Ada" });
      assertEquals([first.email, first.display_name], ["old@example.com", "Ada"]);
      const again = await rpc<Record<string, unknown>>(db, user, "sync_profile");
      assertEquals(again, first);
      await db.sql`update auth.users set email = 'new@example.com' where id = ${user.id}`;
      const moved = await rpc<Record<string, unknown>>(db, user, "sync_profile");
      assertEquals([moved.email, moved.display_name, moved.version], [
        "new@example.com",
        "Ada",
        Number(first.version) + 1,
      ]);
    },
    "refuses a name of 201 characters": async (db) => {
      const user = await db.createUser();
      await rpc(db, user, "sync_profile", { p_display_name: "x".repeat(200) });
      const call = rpc(db, user, "sync_profile", { p_display_name: "x".repeat(201) });
      await assertFails(call, "invalid_request", 400);
    },
    "refuses who is not signed in": async (db) => {
      const user = await db.createUser();
      await assertFails(rpc(db, { ...user, claims: {} }, "sync_profile"), "unauthorized", 401);
    },
  },
  "a person who leaves": {
    "takes profile and memberships along; the organization stays": async (db) => {
      const { user, organizationId } = await createTenant(db);
      const flow = await createFlow(db, { user, organizationId });
      await db.sql`delete from auth.users where id = ${user.id}`;
      const [row] = await db.sql`
        select o.created_by, (select created_by from public.flows where id = ${flow}) as flow_by,
          (select count(*)::int from public.organization_members where organization_id = o.id) as members
        from public.organizations o where o.id = ${organizationId}`;
      assertEquals({ ...row }, { created_by: null, flow_by: null, members: 0 });
    },
  },
}, { connections: 10 });

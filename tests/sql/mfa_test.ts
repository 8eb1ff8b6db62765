import { assertEquals } from "../helpers/assert.ts";
import type { TestDatabase, TestUser } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { tenantWithEndpoint } from "./_webhooks.ts";
import { sealed, subscribe } from "./_webhooks_out.ts";
import { addMember, assertFails, createTenant, failureOf, rpc, type Tenant } from "./_world.ts";

/** The user as a session that has shown its second factor. */
const strong = (user: TestUser): TestUser => ({ ...user, claims: { ...user.claims, aal: "aal2" } });

const giveFactor = (db: TestDatabase, user: TestUser, status = "verified") =>
  db.sql`insert into auth.mfa_factors (user_id, friendly_name, status) values (${user.id}, 'Phone', ${status})`;

const setPolicy = (db: TestDatabase, tenant: Tenant, policy: string, user = strong(tenant.user)) =>
  rpc<{ require_mfa: string }>(db, user, "set_mfa_policy", {
    p_organization_id: tenant.organizationId,
    p_policy: policy,
  });

const changeRole = (db: TestDatabase, tenant: Tenant, user: TestUser, member: TestUser, role = "viewer") =>
  rpc(db, user, "change_member_role", {
    p_organization_id: tenant.organizationId,
    p_user_id: member.id,
    p_role: role,
  });

const createKey = (db: TestDatabase, tenant: Tenant, user = tenant.user) =>
  rpc<{ id: string }>(db, user, "create_api_key", {
    p_organization_id: tenant.organizationId,
    p_mode: "live",
    p_settings: { name: "CI", scopes: ["flows:read"] },
    p_secret_hash: crypto.randomUUID().replaceAll("-", "").repeat(2),
    p_prefix: "mr_live_abcd",
    p_last_four: "wxyz",
  });

const invite = (db: TestDatabase, tenant: Tenant, user: TestUser, role: string) =>
  rpc(db, user, "create_invitation", {
    p_organization_id: tenant.organizationId,
    p_email: "invited@example.com",
    p_role: role,
  });

const listFlows = async (db: TestDatabase, tenant: Tenant, user: TestUser) =>
  await db.as(
    "authenticated",
    user.claims,
    async (sql) =>
      (await sql`select id from public.workspaces where organization_id = ${tenant.organizationId}`).length,
  );

scenarios("two-factor", {
  "sensitive operations": {
    "need no second factor of who has none": async (db) => {
      const tenant = await createTenant(db);
      const member = await addMember(db, tenant.organizationId, "member");
      await changeRole(db, tenant, tenant.user, member);
      await createKey(db, tenant);
    },
    "need the second factor of who has one, on the tables themselves": async (db) => {
      const tenant = await createTenant(db);
      const member = await addMember(db, tenant.organizationId, "member");
      const key = await createKey(db, tenant);
      await giveFactor(db, tenant.user, "unverified");
      await changeRole(db, tenant, tenant.user, member, "viewer");
      await giveFactor(db, tenant.user);
      const organization = { p_organization_id: tenant.organizationId };
      const leaver = await addMember(db, tenant.organizationId, "member");
      const calls = [
        (user: TestUser) => changeRole(db, tenant, user, member, "member"),
        (user: TestUser) => createKey(db, tenant, user),
        (user: TestUser) => rpc(db, user, "revoke_api_key", { p_key_id: key.id }),
        (user: TestUser) => invite(db, tenant, user, "admin"),
        (user: TestUser) => rpc(db, user, "remove_member", { ...organization, p_user_id: leaver.id }),
        (user: TestUser) => rpc(db, user, "delete_organization", organization),
        (user: TestUser) => rpc(db, user, "restore_organization", organization),
        (user: TestUser) => rpc(db, user, "transfer_organization", { ...organization, p_user_id: member.id }),
      ];
      for (const call of calls) {
        const failure = await failureOf(call(tenant.user));
        assertEquals([failure.code, failure.status], ["mfa_required", 403]);
        await call(strong(tenant.user));
      }
    },
    "rotating secrets of webhooks, in and out, and destroying values of secrets are among them": async (db) => {
      const { tenant, endpoint } = await tenantWithEndpoint(db);
      const subscription = await subscribe(db, tenant);
      const [secret] = await db.sql`
        insert into public.secrets (organization_id, name, current_version)
        values (${tenant.organizationId}, 'KEY', 2) returning id`;
      await db.sql`
        insert into private.secret_versions (secret_id, number, organization_id, envelope, key_id)
        select ${secret?.["id"]}, n, ${tenant.organizationId}, decode('01026b31' || repeat('00', 100), 'hex'), 'k1'
        from generate_series(1, 2) n`;
      await giveFactor(db, tenant.user);
      const p_signing = await sealed(tenant, subscription.id, "signing", subscription.secret, 2);
      const calls = [
        (user: TestUser) => rpc(db, user, "rotate_webhook_secret", { p_endpoint_id: endpoint.id }),
        (user: TestUser) =>
          rpc(db, user, "rotate_webhook_subscription_secret", { p_subscription_id: subscription.id, p_signing }),
        (user: TestUser) => rpc(db, user, "destroy_secret_version", { p_secret_id: secret?.["id"], p_number: 1 }),
      ];
      for (const call of calls) {
        await assertFails(call(tenant.user), "mfa_required", 403);
        await call(strong(tenant.user));
      }
    },
    "inviting somebody who may do none of these, and leaving, need none": async (db) => {
      const tenant = await createTenant(db);
      const member = await addMember(db, tenant.organizationId, "member");
      await giveFactor(db, tenant.user);
      await giveFactor(db, member);
      await invite(db, tenant, tenant.user, "developer");
      await rpc(db, member, "leave_organization", { p_organization_id: tenant.organizationId });
    },
    "the failure says what to do: show the factor, or set one up": async (db) => {
      const tenant = await createTenant(db);
      const admin = await addMember(db, tenant.organizationId, "admin");
      await giveFactor(db, tenant.user);
      await setPolicy(db, tenant, "sensitive");
      const code = async (user: TestUser) =>
        ((await failureOf(createKey(db, tenant, user))).problems as { code: string }[]).map(({ code }) => code);
      assertEquals([await code(tenant.user), await code(admin)], [["aal2"], ["enroll"]]);
    },
  },
  "public.set_mfa_policy()": {
    "is for owners whose session has shown its factor": async (db) => {
      const tenant = await createTenant(db);
      const admin = await addMember(db, tenant.organizationId, "admin");
      await assertFails(setPolicy(db, tenant, "sensitive", strong(admin)), "forbidden", 403);
      await assertFails(setPolicy(db, tenant, "sensitive", tenant.user), "mfa_required", 403);
      await assertFails(setPolicy(db, tenant, "never"), "invalid_request", 400);
      assertEquals((await setPolicy(db, tenant, "sensitive")).require_mfa, "sensitive");
      await assertFails(setPolicy(db, tenant, "off", tenant.user), "mfa_required", 403);
      assertEquals((await setPolicy(db, tenant, "off")).require_mfa, "off");
      await assertFails(setPolicy(db, tenant, "off", strong((await createTenant(db)).user)), "not_found", 404);
    },
    "always closes everything but that the organization exists, by RLS and by functions": async (db) => {
      const tenant = await createTenant(db);
      const developer = await addMember(db, tenant.organizationId, "developer");
      await setPolicy(db, tenant, "always");
      assertEquals([await listFlows(db, tenant, developer), await listFlows(db, tenant, strong(developer))], [0, 1]);
      const [row] = await db.as("authenticated", developer.claims, (sql) => sql`select name from public.organizations`);
      assertEquals(row !== undefined, true);
      const make = (user: TestUser) =>
        rpc(db, user, "create_workspace", { p_organization_id: tenant.organizationId, p_name: "Other" });
      await assertFails(make(developer), "mfa_required", 403);
      await make(strong(developer));
    },
    "leaves an audit row": async (db) => {
      const tenant = await createTenant(db);
      await setPolicy(db, tenant, "sensitive");
      const rows = await db.sql`
        select after from public.audit_events where organization_id = ${tenant.organizationId} and action = 'organization.updated'`;
      assertEquals(rows.map(({ after }) => after?.require_mfa), ["sensitive"]);
    },
  },
  "public.get_second_factor()": {
    "tells the session's level, the factors, the policy and what is required": async (db) => {
      const tenant = await createTenant(db);
      const get = (user: TestUser) =>
        rpc<Record<string, unknown>>(db, user, "get_second_factor", { p_organization_id: tenant.organizationId });
      assertEquals(await get(tenant.user), { aal: "aal1", factors: [], policy: "off", required: false });
      await giveFactor(db, tenant.user);
      const { aal, factors, required } = await get(tenant.user);
      assertEquals([aal, (factors as { type: string; name: string }[])[0]?.name, required], ["aal1", "Phone", true]);
      assertEquals((await get(strong(tenant.user))).required, false);
    },
  },
}, { connections: 4 });

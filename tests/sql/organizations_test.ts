/**
 * Organizations: founding, settings, suspension, deletion with grace, and the limits of their plans.
 *
 * @module
 */
import { assert, assertEquals } from "../helpers/assert.ts";
import { scenarios } from "./_scenarios.ts";
import { attempt, createTeam, type Organization, outcomes } from "./_teams.ts";
import {
  addMember,
  assertFails,
  createFlow,
  createTenant,
  parallel,
  rpc,
  service,
  startRun,
  type Tenant,
} from "./_world.ts";

scenarios("organizations", {
  "public.create_organization()": {
    "founds further ones, each with its owner and default workspace": async (db) => {
      const { user } = await createTenant(db);
      const made = await rpc<Organization>(db, user, "create_organization", { p_name: "Ada & Söhne GmbH" });
      assertEquals([made.name, made.slug, made.role, made.suspended], [
        "Ada & Söhne GmbH",
        "ada-s-hne-gmbh",
        "owner",
        false,
      ]);
      const [row] = await db
        .sql`select count(*)::int as n from public.workspaces where organization_id = ${made.id} and is_default`;
      assertEquals(row?.n, 1);
      const again = await rpc<Organization>(db, user, "create_organization", { p_name: "Ada & Söhne GmbH" });
      assert(again.slug.startsWith("ada-s-hne-gmbh-") && again.id !== made.id);
    },
    "refuses a slug that is taken or none, and a name that is none": async (db) => {
      const { user } = await createTenant(db);
      await rpc(db, user, "create_organization", { p_name: "A", p_slug: "taken" });
      await assertFails(rpc(db, user, "create_organization", { p_name: "B", p_slug: "taken" }), "conflict", 409);
      for (const slug of ["", "-a", "A", "a_b", "x".repeat(64)]) {
        await assertFails(rpc(db, user, "create_organization", { p_name: "B", p_slug: slug }), "invalid_request", 400);
      }
      for (const name of ["", " ", "a\nb", "x".repeat(201), null]) {
        await assertFails(rpc(db, user, "create_organization", { p_name: name }), "invalid_request", 400);
      }
    },
    "makes one for parallel calls with one key, and ten at most of the plan free": async (db) => {
      const { user } = await createTenant(db);
      const same = await parallel(
        8,
        () => rpc<Organization>(db, user, "create_organization", { p_name: "One", p_idempotency_key: "k" }),
      );
      assertEquals(new Set(same.map(({ id }) => id)).size, 1);
      const { passed, codes } = await outcomes(
        parallel(12, () => attempt(rpc(db, user, "create_organization", { p_name: "N" }))),
      );
      assertEquals([passed, new Set(codes)], [8, new Set(["plan_limit_reached"])]);
    },
  },
  "public.update_organization()": {
    "changes what is named, for owners and admins, at the version named": async (db) => {
      const team = await createTeam(db);
      const args = { p_organization_id: team.organizationId };
      const renamed = await rpc<Organization>(db, team.members.admin, "update_organization", {
        ...args,
        p_name: "New",
        p_if_version: 1,
      });
      assertEquals([renamed.name, renamed.version], ["New", 2]);
      assertEquals(
        (await rpc<Organization>(db, team.user, "update_organization", { ...args, p_name: "New" })).version,
        2,
      );
      await assertFails(
        rpc(db, team.user, "update_organization", { ...args, p_name: "X", p_if_version: 1 }),
        "version_mismatch",
        412,
      );
      const other = await createTenant(db);
      const { slug } = await rpc<Organization>(db, other.user, "update_organization", {
        p_organization_id: other.organizationId,
        p_slug: "theirs",
      });
      await assertFails(rpc(db, team.user, "update_organization", { ...args, p_slug: slug }), "conflict", 409);
      for (const role of ["developer", "member", "viewer", "guest"] as const) {
        await assertFails(
          rpc(db, team.members[role], "update_organization", { ...args, p_name: "X" }),
          "forbidden",
          403,
        );
      }
    },
  },
  "engine.suspend_organization() and resume_organization()": {
    "refuse new runs, let those under way go on, and tell members why": async (db) => {
      const tenant = await createTenant(db);
      const flow = await createFlow(db, tenant);
      const run = await startRun(db, tenant, flow);
      await service(db, "suspend_organization", { p_organization_id: tenant.organizationId, p_reason: "Unpaid" });
      await assertFails(rpc(db, tenant.user, "start_run", { p_flow_id: flow }), "forbidden", 403);
      const [seen] = await db.as(
        "authenticated",
        tenant.user.claims,
        (sql) => sql`select suspended_reason as why from public.organizations`,
      );
      assertEquals(seen?.why, "Unpaid");
      const [row] = await db.sql`select status from public.runs where id = ${run}`;
      assertEquals(row?.status, "queued");
      await service(db, "resume_organization", { p_organization_id: tenant.organizationId });
      await startRun(db, tenant, flow);
    },
    "are the service's alone, and know versions and what does not exist": async (db) => {
      const tenant = await createTenant(db);
      const args = { p_organization_id: tenant.organizationId };
      const once = await service<Organization>(db, "suspend_organization", { ...args, p_if_version: 1 });
      assertEquals([once.suspended, once.version], [true, 2]);
      assertEquals((await service<Organization>(db, "suspend_organization", args)).version, 2);
      await assertFails(service(db, "resume_organization", { ...args, p_if_version: 1 }), "version_mismatch", 412);
      await assertFails(
        service(db, "suspend_organization", { p_organization_id: crypto.randomUUID() }),
        "not_found",
        404,
      );
      await assertFails(service(db, "suspend_organization", { ...args, p_reason: "" }), "invalid_request", 400);
    },
  },
  "public.delete_organization() and restore_organization()": {
    "leave it to be read, and to be restored, and nothing else": async (db) => {
      const team = await createTeam(db);
      const flow = await createFlow(db, team);
      const args = { p_organization_id: team.organizationId };
      await assertFails(rpc(db, team.members.admin, "delete_organization", args), "forbidden", 403);
      const now = "2026-03-01T00:00:00Z";
      const going = await rpc<Organization>(db, team.user, "delete_organization", args, { now });
      assertEquals(going.deletes_at, "2026-03-31T00:00:00+00:00");
      const gate = await rpc<{ permissions: string[] }>(db, team.user, "gate", args);
      assert(gate.permissions.every((permission) => permission.endsWith(":read") || permission === "org:own"));
      const [flows] = await db.as(
        "authenticated",
        team.user.claims,
        (sql) => sql`select count(*)::int as n from public.flows`,
      );
      assertEquals(flows?.n, 1);
      assert(await rpc(db, team.user, "get_organization_usage", args));
      const refused: Record<string, Record<string, string>> = {
        start_run: { p_flow_id: flow },
        save_flow: { p_flow_id: flow, p_name: "X" },
        create_workspace: { ...args, p_name: "X" },
        update_organization: { ...args, p_name: "X" },
        create_invitation: { ...args, p_email: "x@example.com", p_role: "guest" },
        change_member_role: { ...args, p_user_id: team.members.guest.id, p_role: "viewer" },
        transfer_organization: { ...args, p_user_id: team.members.guest.id },
        delete_organization: args,
      };
      for (const [name, call] of Object.entries(refused)) {
        await assertFails(rpc(db, team.user, name, call), "forbidden", 403);
      }
      await assertFails(rpc(db, team.members.admin, "restore_organization", args), "forbidden", 403);
      const kept = await rpc<Organization>(db, team.user, "restore_organization", args, {
        now: "2026-03-30T23:59:59Z",
      });
      assertEquals(kept.deletes_at, null);
      await startRun(db, team, flow);
    },
    "can not be taken back when the grace is over": async (db) => {
      const tenant = await createTenant(db);
      const args = { p_organization_id: tenant.organizationId };
      await rpc(db, tenant.user, "delete_organization", args, { now: "2026-03-01T00:00:00Z" });
      await assertFails(
        rpc(db, tenant.user, "restore_organization", args, { now: "2026-03-31T00:00:00Z" }),
        "conflict",
        409,
      );
      await assertFails(service(db, "remove_organization", args, { now: "2026-03-30T00:00:00Z" }), "conflict", 409);
    },
  },
  "limits of plans": {
    "let exactly one of twenty parallel creations through": async (db) => {
      await db.sql`update public.plans set max_members = 4, max_workspaces = 3, max_flows = 2 where id = 'free'`;
      const cases: Record<string, (tenant: Tenant, index: number) => Promise<unknown>> = {
        create_invitation: ({ user, organizationId }, index) =>
          rpc(db, user, "create_invitation", {
            p_organization_id: organizationId,
            p_email: `p${index}@example.com`,
            p_role: "guest",
          }),
        create_workspace: ({ user, organizationId }, index) =>
          rpc(db, user, "create_workspace", { p_organization_id: organizationId, p_name: `W${index}` }),
        create_flow: (tenant) => createFlow(db, tenant),
      };
      for (const [name, create] of Object.entries(cases)) {
        const tenant = await createTenant(db);
        if (name === "create_invitation") {
          await addMember(db, tenant.organizationId, "viewer");
          await create(tenant, 100);
        } else if (name === "create_workspace") await create(tenant, 100);
        else await createFlow(db, tenant);
        const { passed, codes } = await outcomes(parallel(20, (index) => attempt(create(tenant, index))));
        assertEquals([name, passed, new Set(codes)], [name, 1, new Set(["plan_limit_reached"])]);
      }
    },
    "are shown with what is used": async (db) => {
      const tenant = await createTenant(db);
      await db.sql`update public.organizations set plan_id = 'pro' where id = ${tenant.organizationId}`;
      await createFlow(db, tenant);
      await rpc(db, tenant.user, "create_invitation", {
        p_organization_id: tenant.organizationId,
        p_email: "x@example.com",
        p_role: "guest",
      });
      const usage = await rpc<{ plan: string; limits: { name: string; used: number; limit: number }[] }>(
        db,
        tenant.user,
        "get_organization_usage",
        { p_organization_id: tenant.organizationId },
      );
      assertEquals(usage.plan, "pro");
      assertEquals(Object.fromEntries(usage.limits.map(({ name, used, limit }) => [name, [used, limit]])), {
        members: [2, 25],
        workspaces: [1, 20],
        flows: [1, 200],
        webhook_endpoints: [0, 200],
        schedules: [0, 200],
        api_keys: [0, 50],
        secrets: [0, 200],
        webhook_subscriptions: [0, 100],
      });
    },
  },
}, { connections: 20 });

import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase, TestUser } from "../helpers/postgres.ts";
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
  service,
  startRun,
  type Tenant,
} from "./_world.ts";

interface Organization {
  id: string;
  name: string;
  slug: string;
  role: MemberRole | null;
  suspended: boolean;
  deletes_at: string | null;
  version: number;
}

async function roleOf(db: TestDatabase, organizationId: string, user: TestUser): Promise<string | null> {
  const [row] = await db.sql`
    select role from public.organization_members where organization_id = ${organizationId} and user_id = ${user.id}`;
  return row?.role ?? null;
}

/** A tenant with a member of each role; the owner among them is the tenant's user. */
async function createTeam(db: TestDatabase): Promise<Tenant & { members: Record<MemberRole, TestUser> }> {
  const tenant = await createTenant(db);
  const members = { owner: tenant.user } as Record<MemberRole, TestUser>;
  for (const role of MEMBER_ROLES.slice(1)) members[role] = await addMember(db, tenant.organizationId, role);
  return { ...tenant, members };
}

/** What became of parallel calls: how many did, and the codes of the rest. */
async function outcomes(calls: Promise<unknown[]>): Promise<{ passed: number; codes: string[] }> {
  const results = await calls;
  const codes = results.filter((result) => typeof result === "string") as string[];
  return { passed: results.length - codes.length, codes };
}

/** A call that gives its error's code instead of failing. */
async function attempt(call: Promise<unknown>): Promise<unknown> {
  const settled = await call.then(() => null, (error) => error);
  return settled === null ? { ok: true } : (await failureOf(Promise.reject(settled))).code;
}

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
  "public.change_member_role()": {
    "lets nobody give a role above their own or touch who stands above them": async (db) => {
      const ranks = Object.fromEntries(MEMBER_ROLES.toReversed().map((role, rank) => [role, rank]));
      for (const caller of MEMBER_ROLES) {
        const team = await createTeam(db);
        const second = await addMember(db, team.organizationId, "owner");
        for (const target of MEMBER_ROLES) {
          const user = target === "owner" ? second : await addMember(db, team.organizationId, target);
          for (const role of MEMBER_ROLES) {
            await db.sql`
              update public.organization_members set role = ${target}
              where organization_id = ${team.organizationId} and user_id = ${user.id}`;
            const result = await attempt(rpc(db, team.members[caller], "change_member_role", {
              p_organization_id: team.organizationId,
              p_user_id: user.id,
              p_role: role,
            }));
            const may = ["owner", "admin"].includes(caller) && ranks[target]! <= ranks[caller]! &&
              ranks[role]! <= ranks[caller]!;
            assertEquals(result, may ? { ok: true } : "forbidden", `${caller}: ${target} → ${role}`);
            if (may) assertEquals(await roleOf(db, team.organizationId, user), role);
          }
        }
      }
    },
    "keeps an owner, however many are demoted at once": async (db) => {
      const tenant = await createTenant(db);
      const owners = [tenant.user];
      for (let i = 0; i < 5; i++) owners.push(await addMember(db, tenant.organizationId, "owner"));
      const { passed } = await outcomes(parallel(6, (index) =>
        attempt(rpc(db, owners[index]!, "change_member_role", {
          p_organization_id: tenant.organizationId,
          p_user_id: owners[index]!.id,
          p_role: "member",
        }))));
      const [row] = await db.sql`
        select count(*)::int as n from public.organization_members
        where organization_id = ${tenant.organizationId} and role = 'owner'`;
      assertEquals([passed, row?.n], [5, 1]);
    },
    "keeps an owner when two demote each other, or one leaves while the other is demoted": async (db) => {
      for (let round = 0; round < 10; round++) {
        const tenant = await createTenant(db);
        const second = await addMember(db, tenant.organizationId, "owner");
        const organization = { p_organization_id: tenant.organizationId };
        await Promise.all([
          attempt(
            rpc(db, tenant.user, "change_member_role", { ...organization, p_user_id: second.id, p_role: "admin" }),
          ),
          attempt(
            round % 2 === 0
              ? rpc(db, second, "remove_member", { ...organization, p_user_id: tenant.user.id })
              : rpc(db, tenant.user, "leave_organization", organization),
          ),
        ]);
        const [row] = await db.sql`
          select count(*)::int as n from public.organization_members
          where organization_id = ${tenant.organizationId} and role = 'owner'`;
        assertEquals(row?.n, 1);
      }
    },
    "knows the member's version, words that are no role, and strangers": async (db) => {
      const team = await createTeam(db);
      const args = { p_organization_id: team.organizationId, p_user_id: team.members.viewer.id };
      const changed = await rpc<{ version: number; role: string }>(db, team.user, "change_member_role", {
        ...args,
        p_role: "member",
        p_if_version: 1,
      });
      assertEquals([changed.role, changed.version], ["member", 2]);
      await assertFails(
        rpc(db, team.user, "change_member_role", { ...args, p_role: "guest", p_if_version: 1 }),
        "version_mismatch",
        412,
      );
      await assertFails(rpc(db, team.user, "change_member_role", { ...args, p_role: "king" }), "invalid_request", 400);
      await assertFails(rpc(db, team.user, "change_member_role", { ...args, p_role: null }), "invalid_request", 400);
      const stranger = await createTenant(db);
      await assertFails(
        rpc(db, team.user, "change_member_role", { ...args, p_user_id: stranger.user.id, p_role: "guest" }),
        "not_found",
        404,
      );
    },
  },
  "public.remove_member() and leave_organization()": {
    "show who is out nothing from the next statement on": async (db) => {
      const team = await createTeam(db);
      await createFlow(db, team);
      const see = (user: TestUser) =>
        db.as("authenticated", user.claims, async (sql) => [
          (await sql`select from public.organizations where id = ${team.organizationId}`).length,
          (await sql`select from public.flows where organization_id = ${team.organizationId}`).length,
        ]);
      assertEquals(await see(team.members.developer), [1, 1]);
      await rpc(db, team.members.admin, "remove_member", {
        p_organization_id: team.organizationId,
        p_user_id: team.members.developer.id,
      });
      assertEquals(await see(team.members.developer), [0, 0]);
      await rpc(db, team.members.viewer, "leave_organization", { p_organization_id: team.organizationId });
      assertEquals(await see(team.members.viewer), [0, 0]);
      await assertFails(
        rpc(db, team.members.viewer, "leave_organization", { p_organization_id: team.organizationId }),
        "not_found",
        404,
      );
    },
    "refuse the last owner, and admins who would remove an owner": async (db) => {
      const team = await createTeam(db);
      const organization = { p_organization_id: team.organizationId };
      await assertFails(
        rpc(db, team.members.admin, "remove_member", { ...organization, p_user_id: team.user.id }),
        "forbidden",
        403,
      );
      await assertFails(
        rpc(db, team.user, "remove_member", { ...organization, p_user_id: team.user.id }),
        "conflict",
        409,
      );
      await assertFails(rpc(db, team.user, "leave_organization", organization), "conflict", 409);
    },
    "let members leave one that is suspended": async (db) => {
      const team = await createTeam(db);
      await service(db, "suspend_organization", { p_organization_id: team.organizationId });
      await rpc(db, team.members.guest, "leave_organization", { p_organization_id: team.organizationId });
      assertEquals(await roleOf(db, team.organizationId, team.members.guest), null);
    },
    "take back the invitations that who is out, or demoted, had made": async (db) => {
      const team = await createTeam(db);
      await db.sql`update public.organizations set plan_id = 'team' where id = ${team.organizationId}`;
      const second = await addMember(db, team.organizationId, "owner");
      const invite = (role: string) =>
        rpc<{ id: string }>(db, second, "create_invitation", {
          p_organization_id: team.organizationId,
          p_email: `${role}-${crypto.randomUUID()}@example.com`,
          p_role: role,
        });
      const [owner, viewer] = [await invite("owner"), await invite("viewer")];
      const statuses = async () => {
        const rows = await db.sql`select id, status from public.invitations where id in ${
          db.sql([owner.id, viewer.id])
        }`;
        return [owner, viewer].map(({ id }) => rows.find((row) => row.id === id)?.status);
      };
      const args = { p_organization_id: team.organizationId, p_user_id: second.id };
      await rpc(db, team.user, "change_member_role", { ...args, p_role: "admin" });
      assertEquals(await statuses(), ["revoked", "open"]);
      await rpc(db, team.user, "remove_member", args);
      assertEquals(await statuses(), ["revoked", "revoked"]);
    },
  },
  "public.transfer_organization()": {
    "makes a member the owner and the caller an admin, at once": async (db) => {
      const team = await createTeam(db);
      const args = { p_organization_id: team.organizationId, p_user_id: team.members.viewer.id };
      for (const role of MEMBER_ROLES.slice(1)) {
        await assertFails(rpc(db, team.members[role], "transfer_organization", args), "forbidden", 403);
      }
      const moved = await rpc<Organization>(db, team.user, "transfer_organization", args);
      assertEquals([moved.role, await roleOf(db, team.organizationId, team.members.viewer)], ["admin", "owner"]);
      await assertFails(
        rpc(db, team.user, "transfer_organization", { ...args, p_user_id: team.members.guest.id }),
        "forbidden",
        403,
      );
    },
    "needs another member": async (db) => {
      const team = await createTeam(db);
      const stranger = await createTenant(db);
      const organization = { p_organization_id: team.organizationId };
      await assertFails(
        rpc(db, team.user, "transfer_organization", { ...organization, p_user_id: team.user.id }),
        "invalid_request",
        400,
      );
      await assertFails(
        rpc(db, team.user, "transfer_organization", { ...organization, p_user_id: stranger.user.id }),
        "not_found",
        404,
      );
    },
    "leaves one owner when it is done twice at once": async (db) => {
      const team = await createTeam(db);
      const { passed } = await outcomes(parallel(2, (index) =>
        attempt(rpc(db, team.user, "transfer_organization", {
          p_organization_id: team.organizationId,
          p_user_id: team.members[index === 0 ? "admin" : "viewer"].id,
        }))));
      assertEquals(passed, 1);
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
  workspaces: {
    "are made, renamed and made the default by who holds workspaces:write": async (db) => {
      const team = await createTeam(db);
      await db.sql`update public.organizations set plan_id = 'team' where id = ${team.organizationId}`;
      const make = (user: TestUser) =>
        rpc<{ id: string; version: number }>(db, user, "create_workspace", {
          p_organization_id: team.organizationId,
          p_name: "Second",
        });
      for (const role of ["member", "viewer", "guest"] as const) {
        await assertFails(make(team.members[role]), "forbidden", 403);
      }
      const made = await make(team.members.developer);
      const args = { p_workspace_id: made.id };
      const first = await rpc<{ is_default: boolean; name: string }>(db, team.user, "update_workspace", {
        ...args,
        p_name: "Main",
        p_is_default: true,
        p_if_version: made.version,
      });
      assertEquals([first.name, first.is_default], ["Main", true]);
      const rows = await db
        .sql`select id from public.workspaces where organization_id = ${team.organizationId} and is_default`;
      assertEquals(rows.map(({ id }) => id), [made.id]);
      await assertFails(rpc(db, team.user, "update_workspace", { ...args, p_is_default: false }), "conflict", 409);
      await assertFails(
        rpc(db, team.user, "update_workspace", { ...args, p_name: "X", p_if_version: 1 }),
        "version_mismatch",
        412,
      );
    },
    "have one default, however many are made that at once": async (db) => {
      const tenant = await createTenant(db);
      await db.sql`update public.organizations set plan_id = 'team' where id = ${tenant.organizationId}`;
      const made: { id: string }[] = [];
      for (let i = 0; i < 6; i++) {
        made.push(
          await rpc<{ id: string }>(db, tenant.user, "create_workspace", {
            p_organization_id: tenant.organizationId,
            p_name: `W${i}`,
          }),
        );
      }
      await parallel(
        6,
        (index) => rpc(db, tenant.user, "update_workspace", { p_workspace_id: made[index]!.id, p_is_default: true }),
      );
      const [row] = await db.sql`
        select count(*)::int as n from public.workspaces where organization_id = ${tenant.organizationId} and is_default`;
      assertEquals(row?.n, 1);
    },
    "go only when their flows have somewhere to go": async (db) => {
      const tenant = await createTenant(db);
      const second = await rpc<{ id: string }>(db, tenant.user, "create_workspace", {
        p_organization_id: tenant.organizationId,
        p_name: "Second",
      });
      const flow = await createFlow(db, tenant, { p_workspace_id: second.id });
      const gone = await createFlow(db, tenant, { p_workspace_id: second.id });
      await rpc(db, tenant.user, "delete_flow", { p_flow_id: gone });
      const [{ id: home }] = await db.sql`
        select id from public.workspaces where organization_id = ${tenant.organizationId} and is_default` as unknown as [
        { id: string },
      ];
      const args = { p_workspace_id: second.id };
      const other = await createTenant(db);
      const [{ id: theirs }] = await db.sql`
        select id from public.workspaces where organization_id = ${other.organizationId}` as unknown as [
        { id: string },
      ];
      await assertFails(rpc(db, tenant.user, "delete_workspace", args), "conflict", 409);
      await assertFails(
        rpc(db, tenant.user, "delete_workspace", { ...args, p_move_flows_to: second.id }),
        "invalid_request",
        400,
      );
      await assertFails(
        rpc(db, tenant.user, "delete_workspace", { ...args, p_move_flows_to: theirs }),
        "not_found",
        404,
      );
      await assertFails(rpc(db, tenant.user, "delete_workspace", { p_workspace_id: home }), "conflict", 409);
      await rpc(db, tenant.user, "delete_workspace", { ...args, p_move_flows_to: home });
      const rows = await db
        .sql`select id, workspace_id as at from public.flows where organization_id = ${tenant.organizationId}`;
      assertEquals(rows.map(({ at }) => at), [home, home]);
      assertEquals(rows.map(({ id }) => id).toSorted(), [flow, gone].toSorted());
    },
  },
}, { connections: 20 });

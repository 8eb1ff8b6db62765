/**
 * Members of organizations: roles, leaving, being removed, and that an owner is always left.
 *
 * @module
 */
import { assertEquals } from "../helpers/assert.ts";
import type { TestUser } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { attempt, createTeam, type Organization, outcomes, roleOf } from "./_teams.ts";
import { addMember, assertFails, createFlow, createTenant, MEMBER_ROLES, parallel, rpc, service } from "./_world.ts";

scenarios("members", {
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
}, { connections: 20 });

/**
 * Workspaces of organizations: made, renamed, removed, one of them the default.
 *
 * @module
 */
import { assertEquals } from "../helpers/assert.ts";
import type { TestUser } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { createTeam } from "./_teams.ts";
import { assertFails, createFlow, createTenant, parallel, rpc } from "./_world.ts";

scenarios("workspaces", {
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

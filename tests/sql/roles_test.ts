import { PERMISSIONS, ROLE_PERMISSIONS } from "../../shared/http/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import { withDatabase } from "../helpers/postgres.ts";
import { MEMBER_ROLES } from "./_world.ts";

Deno.test("the roles that TypeScript knows are those of private.role_permissions", () =>
  withDatabase(async (db) => {
    const rows = await db.sql<{ role: string; permissions: string[] }[]>`
      select role, array_agg(permission order by permission) as permissions from private.role_permissions
      group by role order by private.role_rank(role) desc`;
    assertEquals<object>(
      Object.fromEntries(rows.map(({ role, permissions }) => [role, permissions])),
      structuredClone(ROLE_PERMISSIONS) as object,
    );
    assertEquals(rows.map(({ role }) => role), [...MEMBER_ROLES]);
    const [all] = await db
      .sql`select array_agg(distinct permission order by permission) as all from private.role_permissions`;
    assertEquals(all?.all, [...PERMISSIONS]);
  }));

Deno.test("docs/organizations.md has the table of roles that the code has", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/organizations.md", import.meta.url));
  const rows = [...text.matchAll(/^\| `(\w+:\w+)`\s*((?:\|[^|\n]*)+)\|$/gm)];
  const documented = Object.fromEntries(
    rows.map(([, permission, cells]) => [permission, cells!.split("|").slice(1, 7).map((cell) => cell.trim() === "✓")]),
  );
  const expected = Object.fromEntries(PERMISSIONS.map((permission) => [
    permission,
    MEMBER_ROLES.map((role) => (ROLE_PERMISSIONS[role] as readonly string[]).includes(permission)),
  ]));
  assertEquals(documented, expected);
});

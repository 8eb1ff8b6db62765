/**
 * Roles and what each may do, as `private.role_permissions` holds them: RLS and SQL functions ask that table, routes and
 * documents read this one. `tests/sql/roles_test.ts` compares the two, and the documentation with both.
 *
 * @module
 */

/** Role → permissions, the mightiest first. */
export const ROLE_PERMISSIONS = {
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
} as const;

/** What somebody is in an organization. */
export type Role = keyof typeof ROLE_PERMISSIONS;

/** What a role may hold. An owner holds all there are. */
export type Permission = (typeof ROLE_PERMISSIONS)["owner"][number];

/** Every permission, in the order of the alphabet. */
export const PERMISSIONS: readonly Permission[] = ROLE_PERMISSIONS.owner;

/** The roles that hold a permission, the mightiest first. */
function rolesWith(permission: Permission): Role[] {
  return (Object.keys(ROLE_PERMISSIONS) as Role[]).filter((role) =>
    (ROLE_PERMISSIONS[role] as readonly Permission[]).includes(permission)
  );
}

/**
 * What the OpenAPI document says of an operation besides the standard's words: the permission that it needs, which is also
 * the scope that an API key needs, and the roles that hold it. Nothing for one that needs none.
 *
 * @param access Of the route.
 */
export function permissionExtensions(
  access: { readonly user?: Permission | "any" | undefined },
): { "x-permission"?: Permission; "x-roles"?: Role[] } {
  const { user } = access;
  return user === undefined || user === "any" ? {} : { "x-permission": user, "x-roles": rolesWith(user) };
}

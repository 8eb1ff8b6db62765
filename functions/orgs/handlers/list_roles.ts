import { defineRoute, ROLE_PERMISSIONS } from "../../../shared/http/mod.ts";
import { rolesSchema } from "../schemas.ts";

/** GET /orgs/roles */
export const listRoles = defineRoute({
  method: "get",
  path: "/roles",
  operationId: "listRoles",
  summary: "List the roles and what each may do",
  description: "From owner to guest, each with its permissions, which are also the scopes that API keys can have.",
  tags: ["organizations"],
  access: { user: "any" },
  responses: { 200: { description: "The roles, the mightiest first", schema: rolesSchema } },
}, () => ({
  data: Object.entries(ROLE_PERMISSIONS).map(([role, permissions]) => ({
    role: role as keyof typeof ROLE_PERMISSIONS,
    permissions: [...permissions],
  })),
}));

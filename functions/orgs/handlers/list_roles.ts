import { defineRoute, ROLE_PERMISSIONS } from "../../../shared/http/mod.ts";
import { rolesSchema } from "../schemas.ts";

/** GET /orgs/roles */
export const listRoles = defineRoute({
  method: "get",
  path: "/roles",
  operationId: "listRoles",
  summary: "List the roles and what each may do",
  tags: ["organizations"],
  access: { user: "any" },
  responses: { 200: { description: "The roles, the mightiest first", schema: rolesSchema } },
}, () => ({
  data: Object.entries(ROLE_PERMISSIONS).map(([role, permissions]) => ({
    role: role as keyof typeof ROLE_PERMISSIONS,
    permissions: [...permissions],
  })),
}));

import { defineRoute, ROLE_PERMISSIONS } from "../../../shared/http/mod.ts";
import { ROLES } from "../lists.ts";

/** GET /orgs/roles */
export const listRoles = defineRoute({
  method: "get",
  path: "/roles",
  operationId: "listRoles",
  summary: "List the roles and what each may do",
  description: "From owner to guest, each with its permissions, which are also the scopes that API keys can have.",
  tags: ["organizations"],
  access: { user: "any" },
  list: ROLES,
  cache: { kind: "static", maxAgeSeconds: 300, staleWhileRevalidateSeconds: 3600 },
  responses: { 200: { description: "A page of roles, the mightiest first", schema: ROLES.page() } },
}, (c, { query }) => {
  const roles = Object.entries(ROLE_PERMISSIONS).map(([role, permissions], index) => ({
    role: role as keyof typeof ROLE_PERMISSIONS,
    rank: index + 1,
    permissions: [...permissions],
  }));
  return ROLES.pageOf(roles, c.var.request, query);
});

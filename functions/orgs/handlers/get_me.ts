import { defineRoute } from "../../../shared/http/mod.ts";
import { findMe } from "../queries.ts";
import { findSecondFactor } from "../security_queries.ts";
import { meSchema, type Organization } from "../schemas.ts";

/** GET /orgs/me */
export const getMe = defineRoute({
  method: "get",
  path: "/me",
  operationId: "getMe",
  summary: "Get yourself",
  description:
    "Your profile, your organizations, and what you may do in the one that this request acts in. Your first " +
    "call makes a profile, an organization and a workspace.",
  tags: ["people"],
  access: { user: "any" },
  personOnly: true,
  responses: { 200: { description: "You", schema: meSchema } },
}, async (c) => {
  const { db, userId, organizationId, role, permissions, plan, limits } = c.var.request;
  const [{ profile, organizations }, second_factor] = await Promise.all([
    findMe(db, userId),
    findSecondFactor(db, organizationId),
  ]);
  return {
    profile,
    organization_id: organizationId,
    // The gate's words are those of the database's checks.
    role: role as Exclude<Organization["role"], "key">,
    permissions: [...permissions],
    plan: plan as Organization["plan"],
    limits: { ...limits },
    second_factor,
    organizations,
  };
});

import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findUsage } from "../queries.ts";
import { usageSchema } from "../schemas.ts";

/** GET /orgs/:id/usage */
export const getUsage = defineRoute({
  method: "get",
  path: "/:id/usage",
  operationId: "getOrganizationUsage",
  summary: "Get how much of its plan an organization uses",
  description: "For each limit of the plan: what is used and how much there is.",
  tags: ["organizations"],
  access: { user: "org:read" },
  organizationParam: "id",
  request: { params: idParams },
  responses: { 200: { description: "Each limit, and what is used of it", schema: usageSchema } },
}, (c, { params }) => findUsage(c.var.request.db, params.id));

import { defineRoute } from "../../../shared/http/mod.ts";
import { ORGANIZATIONS } from "../lists.ts";
import { findOrganizations } from "../queries.ts";

/** GET /orgs */
export const listOrganizations = defineRoute({
  method: "get",
  path: "/",
  operationId: "listOrganizations",
  summary: "List your organizations",
  description:
    "Every organization you are a member of, with your role and its plan. The one that counts without `X-Organization-Id` is your first.",
  tags: ["organizations"],
  access: { user: "any" },
  personOnly: true,
  list: ORGANIZATIONS,
  responses: { 200: { description: "A page of organizations", schema: ORGANIZATIONS.page() } },
}, (c, { query }) => findOrganizations(c.var.request, query));

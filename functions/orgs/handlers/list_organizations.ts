import { defineRoute, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findOrganizations } from "../queries.ts";
import { organizationSchema } from "../schemas.ts";

const query = listQuery({ sort: ["created_at", "name"], defaultSort: "created_at" });

/** GET /orgs */
export const listOrganizations = defineRoute({
  method: "get",
  path: "/",
  operationId: "listOrganizations",
  summary: "List your organizations",
  tags: ["organizations"],
  access: { user: "any" },
  request: { query },
  responses: { 200: { description: "A page of organizations", schema: listOf(organizationSchema) } },
}, (c, { query }) => findOrganizations(c.var.request, query));

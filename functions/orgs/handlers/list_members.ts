import { defineRoute, idParams, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findMembers } from "../queries.ts";
import { memberSchema, roleSchema } from "../schemas.ts";

const query = listQuery({
  sort: ["created_at"],
  defaultSort: "created_at",
  filters: { role: roleSchema.optional().meta({ description: "Only those with this role" }) },
});

/** GET /orgs/:id/members */
export const listMembers = defineRoute({
  method: "get",
  path: "/:id/members",
  operationId: "listMembers",
  summary: "List the members of an organization",
  tags: ["organizations"],
  access: { user: "members:read" },
  organizationParam: "id",
  request: { params: idParams, query },
  responses: { 200: { description: "A page of members", schema: listOf(memberSchema) } },
}, (c, { query }) => findMembers(c.var.request, query));

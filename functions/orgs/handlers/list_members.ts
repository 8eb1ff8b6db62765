import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { MEMBERS } from "../lists.ts";
import { findMembers } from "../queries.ts";

/** GET /orgs/:id/members */
export const listMembers = defineRoute({
  method: "get",
  path: "/:id/members",
  operationId: "listMembers",
  summary: "List the members of an organization",
  description: "People with their roles and since when, in pages.",
  tags: ["organizations"],
  access: { user: "members:read" },
  organizationParam: "id",
  request: { params: idParams },
  list: MEMBERS,
  cache: { kind: "organization", maxAgeSeconds: 300, staleWhileRevalidateSeconds: 600 },
  responses: { 200: { description: "A page of members", schema: MEMBERS.page() } },
}, (c, { query }) => findMembers(c.var.request, query));

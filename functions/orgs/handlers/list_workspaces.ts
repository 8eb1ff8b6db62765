import { defineRoute, idParams, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findWorkspaces } from "../queries.ts";
import { workspaceSchema } from "../schemas.ts";

const query = listQuery({ sort: ["created_at", "name"], defaultSort: "created_at" });

/** GET /orgs/:id/workspaces */
export const listWorkspaces = defineRoute({
  method: "get",
  path: "/:id/workspaces",
  operationId: "listWorkspaces",
  summary: "List the workspaces of an organization",
  description: "The folders that flows are in.",
  tags: ["organizations"],
  access: { user: "flows:read" },
  organizationParam: "id",
  request: { params: idParams, query },
  responses: { 200: { description: "A page of workspaces", schema: listOf(workspaceSchema) } },
}, (c, { query }) => findWorkspaces(c.var.request, query));

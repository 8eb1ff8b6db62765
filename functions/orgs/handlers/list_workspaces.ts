import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { WORKSPACES } from "../lists.ts";
import { findWorkspaces } from "../workspace_queries.ts";

/** GET /orgs/:id/workspaces */
export const listWorkspaces = defineRoute({
  method: "get",
  path: "/:id/workspaces",
  operationId: "listWorkspaces",
  summary: "List the workspaces of an organization",
  description: "The folders that flows are in: `GET /flows?workspace_id=…` lists what is in one.",
  tags: ["organizations"],
  access: { user: "flows:read" },
  organizationParam: "id",
  request: { params: idParams },
  list: WORKSPACES,
  cache: { kind: "organization", maxAgeSeconds: 300, staleWhileRevalidateSeconds: 600 },
  responses: { 200: { description: "A page of workspaces", schema: WORKSPACES.page() } },
}, (c, { query }) => findWorkspaces(c.var.request, query));

import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { SECRET_FLOWS } from "../lists.ts";
import { findFlows } from "../queries.ts";

/** GET /secrets/:id/flows */
export const listSecretFlows = defineRoute({
  method: "get",
  path: "/:id/flows",
  operationId: "listSecretFlows",
  summary: "List the flows that use a secret",
  description: "Those whose current version names it, 100 at most, by name. These keep it from being deleted.",
  tags: ["secrets"],
  access: { user: "secrets:read" },
  request: { params: idParams },
  list: SECRET_FLOWS,
  responses: { 200: { description: "A page of flows", schema: SECRET_FLOWS.page() } },
  errors: ["not_found"],
}, (c, { params, query }) => findFlows(c.var.request, params.id, query));

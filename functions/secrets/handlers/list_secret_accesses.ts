import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { SECRET_ACCESSES } from "../lists.ts";
import { findAccesses } from "../queries.ts";

/** GET /secrets/:id/accesses */
export const listSecretAccesses = defineRoute({
  method: "get",
  path: "/:id/accesses",
  operationId: "listSecretAccesses",
  summary: "List who read a secret",
  description:
    "Steps of runs and people that got the value, newest first, a row for each reader and minute. Kept 90 days.",
  tags: ["secrets"],
  access: { user: "secrets:read" },
  request: { params: idParams },
  list: SECRET_ACCESSES,
  responses: { 200: { description: "A page of the access log", schema: SECRET_ACCESSES.page() } },
  errors: ["not_found"],
}, (c, { params, query }) => findAccesses(c.var.request, params.id, query));

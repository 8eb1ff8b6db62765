import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { SECRET_VERSIONS } from "../lists.ts";
import { findVersions } from "../queries.ts";

/** GET /secrets/:id/versions */
export const listSecretVersions = defineRoute({
  method: "get",
  path: "/:id/versions",
  operationId: "listSecretVersions",
  summary: "List the versions of a secret",
  description: "Every value that it has had, newest first, without the values.",
  tags: ["secrets"],
  access: { user: "secrets:read" },
  request: { params: idParams },
  list: SECRET_VERSIONS,
  responses: { 200: { description: "A page of versions", schema: SECRET_VERSIONS.page() } },
  errors: ["not_found"],
}, (c, { params, query }) => findVersions(c.var.request, params.id, query));

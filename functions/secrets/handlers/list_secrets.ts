import { defineRoute } from "../../../shared/http/mod.ts";
import { SECRETS } from "../lists.ts";
import { findSecrets } from "../queries.ts";

/** GET /secrets */
export const listSecrets = defineRoute({
  method: "get",
  path: "/",
  operationId: "listSecrets",
  summary: "List secrets",
  description: "The names and facts of the organization's secrets, newest first. Never a value.",
  tags: ["secrets"],
  access: { user: "secrets:read" },
  list: SECRETS,
  responses: { 200: { description: "A page of secrets", schema: SECRETS.page() } },
}, (c, { query }) => findSecrets(c.var.request, query));

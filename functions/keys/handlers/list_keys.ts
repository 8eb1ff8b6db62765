import { defineRoute } from "../../../shared/http/mod.ts";
import { KEYS } from "../lists.ts";
import { findKeys } from "../queries.ts";

/** GET /keys */
export const listKeys = defineRoute({
  method: "get",
  path: "/",
  operationId: "listKeys",
  summary: "List API keys",
  description: "The keys of the organization, newest first, also those that are revoked or over.",
  tags: ["keys"],
  access: { user: "keys:read" },
  list: KEYS,
  responses: { 200: { description: "A page of keys", schema: KEYS.page() } },
}, (c, { query }) => findKeys(c.var.request, query));

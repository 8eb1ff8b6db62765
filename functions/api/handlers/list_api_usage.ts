import { defineRoute } from "../../../shared/http/mod.ts";
import { findUsage } from "../queries.ts";
import { USAGE } from "../version_schemas.ts";

/** GET /api/v1/usage */
export const listApiUsage = defineRoute({
  method: "get",
  path: "/v1/usage",
  operationId: "listApiUsage",
  summary: "What was asked of the API",
  description:
    "How often each operation was asked for, by version of the API and by the name it was asked under, the " +
    "most frequent first. Counted in memory and added every few seconds, so it is no bill. With a secret key: of all " +
    "organizations.",
  tags: ["api"],
  access: { user: "org:read", secret: true },
  list: USAGE,
  responses: { 200: { description: "A page of operations", schema: USAGE.page() } },
}, (c, { query }) => USAGE.pageOf(() => findUsage(c.var.request, query), c.var.request, query));

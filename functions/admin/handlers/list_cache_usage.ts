import { defineRoute } from "../../../shared/http/mod.ts";
import { CACHE_USAGE } from "../lists.ts";
import { findCacheUsage } from "../queries.ts";

/** GET /admin/cache */
export const listCacheUsage = defineRoute({
  method: "get",
  path: "/cache",
  operationId: "listCacheUsage",
  summary: "How often replies came from memory",
  description:
    "By operation, the most frequent first: what was kept, what was fetched, and what was answered 304. Counted in " +
    "memory and added every few seconds. The view `engine.cache_rates` has the same by day.",
  tags: ["admin"],
  access: { secret: true },
  list: CACHE_USAGE,
  responses: { 200: { description: "A page of operations", schema: CACHE_USAGE.page() } },
}, (c, { query }) => CACHE_USAGE.pageOf(() => findCacheUsage(c.var.request, query), c.var.request, query));

import { defineRoute } from "../../../shared/http/mod.ts";
import { LIMIT_BUCKETS } from "../lists.ts";
import { findBuckets } from "../queries.ts";

/** GET /admin/limits/buckets */
export const listLimitBuckets = defineRoute({
  method: "get",
  path: "/limits/buckets",
  operationId: "listLimitBuckets",
  summary: "Look at somebody's rate limits",
  description: "The buckets that are in use or remembered, with refusals, strikes and blocks.",
  tags: ["admin"],
  access: { secret: true },
  list: LIMIT_BUCKETS,
  responses: { 200: { description: "A page of buckets", schema: LIMIT_BUCKETS.page() } },
}, (c, { query }) => findBuckets(c.var.request, query));

import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { findBuckets } from "../queries.ts";
import { bucketQuery, bucketSchema } from "../schemas.ts";

/** GET /admin/limits/buckets */
export const listLimitBuckets = defineRoute({
  method: "get",
  path: "/limits/buckets",
  operationId: "listLimitBuckets",
  summary: "Look at somebody's rate limits",
  description: "The buckets that are in use or remembered, with refusals, strikes and blocks.",
  tags: ["admin"],
  access: { secret: true },
  request: { query: bucketQuery },
  responses: { 200: { description: "The buckets", schema: z.object({ data: z.array(bucketSchema) }) } },
}, async (c, { query }) => ({ data: await findBuckets(c.var.request, query) }));

import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { resetBuckets } from "../queries.ts";
import { bucketQuery } from "../schemas.ts";

const body = bucketQuery.strict().meta({
  examples: [{ subject_kind: "user", subject_id: "0192f0c0-0000-7000-8000-000000000001" }],
});

/** POST /admin/limits/buckets/reset */
export const resetLimitBuckets = defineRoute({
  method: "post",
  path: "/limits/buckets/reset",
  operationId: "resetLimitBuckets",
  summary: "Fill somebody's buckets and end their blocks",
  description: "For one subject: everything it may send is there again, and refusals are forgotten.",
  tags: ["admin"],
  access: { secret: true },
  request: { body },
  responses: { 200: { description: "How many buckets there were", schema: z.object({ reset: z.int() }) } },
}, async (c, { body }) => ({ reset: await resetBuckets(c.var.request, body) }));

import { defineRoute } from "../../../shared/http/mod.ts";
import { findUsage } from "../usage_queries.ts";
import { usageQuerySchema, usageSchema } from "../usage_schemas.ts";

/** GET /billing/usage */
export const getUsage = defineRoute({
  method: "get",
  path: "/usage",
  operationId: "getUsage",
  summary: "Get what the organization used",
  description: "Runs, steps and calls of models with their tokens and cost: in all, and by day, flow, node or model.",
  tags: ["billing"],
  access: { user: "billing:read" },
  request: { query: usageQuerySchema },
  responses: { 200: { description: "The usage", schema: usageSchema } },
}, (c, { query }) => findUsage(c.var.request, query));

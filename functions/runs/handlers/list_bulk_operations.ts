import { defineRoute } from "../../../shared/http/mod.ts";
import { BULK_OPERATIONS } from "../lists.ts";
import { findBulkOperations } from "../bulk_queries.ts";

/** GET /runs/bulk */
export const listBulkOperations = defineRoute({
  method: "get",
  path: "/bulk",
  operationId: "listBulkOperations",
  summary: "List bulk operations",
  description: "The bulk operations of the organization, newest first.",
  tags: ["runs"],
  access: { user: "runs:read" },
  list: BULK_OPERATIONS,
  responses: { 200: { description: "A page of operations", schema: BULK_OPERATIONS.page() } },
}, (c, { query }) => findBulkOperations(c.var.request, query));

import { defineRoute, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findBulkOperations } from "../bulk_queries.ts";
import { bulkOperationSchema } from "../bulk_schemas.ts";

const query = listQuery({ sort: ["id"], defaultSort: "-id" });

/** GET /runs/bulk */
export const listBulkOperations = defineRoute({
  method: "get",
  path: "/bulk",
  operationId: "listBulkOperations",
  summary: "List bulk operations",
  description: "The bulk operations of the organization, newest first.",
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { query },
  responses: { 200: { description: "A page of operations", schema: listOf(bulkOperationSchema) } },
}, (c, { query }) => findBulkOperations(c.var.request, query));

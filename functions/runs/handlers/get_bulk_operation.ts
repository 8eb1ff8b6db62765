import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { findBulkOperation } from "../bulk_queries.ts";
import { bulkOperationSchema } from "../../../shared/runs/mod.ts";

/** GET /runs/bulk/:id */
export const getBulkOperation = defineRoute({
  method: "get",
  path: "/bulk/:id",
  operationId: "getBulkOperation",
  summary: "Get the progress of a bulk operation",
  description: "How many runs it is about, how many are done and how many refused it.",
  tags: ["runs"],
  access: { user: "runs:read" },
  request: { params: idParams },
  responses: { 200: { description: "The operation", schema: bulkOperationSchema } },
  errors: ["not_found"],
}, (c, { params }) => findBulkOperation(c.var.request.db, params.id));

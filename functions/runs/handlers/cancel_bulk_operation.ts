import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { endBulkOperation } from "../bulk_queries.ts";
import { bulkOperationSchema } from "../../../shared/runs/mod.ts";

/** POST /runs/bulk/:id/cancel */
export const cancelBulkOperation = defineRoute({
  method: "post",
  path: "/bulk/:id/cancel",
  operationId: "cancelBulkOperation",
  summary: "Stop a bulk operation",
  description:
    "What it has done stays done; the runs it has not come to stay as they are. Again gives the same answer.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  request: { params: idParams },
  responses: { 200: { description: "The stopped operation", schema: bulkOperationSchema } },
  errors: ["not_found", "conflict"],
}, (c, { params }) => endBulkOperation(c.var.request.db, params.id));

import { z } from "zod";
import { defineRoute, idempotencyHeaders, readIdempotencyKey, reply, resourceUrl } from "../../../shared/http/mod.ts";
import {
  bulkCountSchema,
  bulkOperationSchema,
  countBulkOperation,
  insertBulkOperation,
} from "../../../shared/runs/mod.ts";
import { bulkActionSchema, bulkFilterSchema } from "../bulk_schemas.ts";

const body = z.strictObject({
  action: bulkActionSchema,
  filter: bulkFilterSchema,
  dry_run: z.boolean().default(false).meta({ description: "Only say how many runs there are" }),
}).meta({
  id: "NewBulkOperation",
  examples: [{ action: "retry", filter: { status: ["failed"], created_after: "2026-11-20T00:00:00Z" } }],
});

/** POST /runs/bulk */
export const createBulkOperation = defineRoute({
  method: "post",
  path: "/bulk",
  operationId: "createBulkOperation",
  summary: "Do something to many runs",
  description:
    "Cancels, retries, deletes, pauses or resumes all runs that the filter finds and whose state the action " +
    "is for (cancel: not ended; pause: queued or running; resume: paused; retry: failed or cancelled; delete: ended). " +
    "Answers at once with their number; the work is done in the background, in batches, with your rights as they are " +
    "then. Runs that begin later are not meant. A run that refuses keeps nothing else back.",
  tags: ["runs"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { body, headers: idempotencyHeaders },
  responses: {
    202: { description: "The operation", schema: bulkOperationSchema, headers: { Location: "Where its progress is" } },
    200: { description: "The number, for dry_run", schema: bulkCountSchema },
  },
  errors: ["conflict", "idempotency_mismatch"],
}, async (c, { body }) => {
  const args = {
    organizationId: c.var.request.organizationId,
    action: body.action,
    filter: body.filter,
    idempotencyKey: readIdempotencyKey(c),
  };
  if (body.dry_run) return reply(200, await countBulkOperation(c.var.request.db, args));
  const operation = await insertBulkOperation(c.var.request.db, args);
  return reply(202, operation, { Location: resourceUrl(c, "runs", "bulk", operation.id) });
});

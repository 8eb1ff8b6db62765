import { defineRoute, idempotencyHeaders, readIdempotencyKey, reply, resourceUrl } from "../../../shared/http/mod.ts";
import {
  bulkCountSchema,
  bulkOperationSchema,
  countBulkOperation,
  insertBulkOperation,
} from "../../../shared/runs/mod.ts";
import { replayManySchema } from "../schemas.ts";

/** POST /webhooks/events/replay */
export const replayWebhookEvents = defineRoute({
  method: "post",
  path: "/events/replay",
  operationId: "replayWebhookEvents",
  summary: "Replay many events",
  description:
    "Sends all kept events that the filter finds through their flows again, oldest first: after a fault of the flow, or " +
    "for those that were held while it was off. Answers at once with their number; the work is done in the background, " +
    "with your rights as they are then, and is followed and stopped like every bulk operation (`GET /runs/bulk/:id`). " +
    "Replays of before are meant only when `event_ids` names them.",
  tags: ["webhooks"],
  access: { user: "webhooks:write" },
  rateLimit: "run",
  request: { body: replayManySchema, headers: idempotencyHeaders },
  responses: {
    202: { description: "The operation", schema: bulkOperationSchema, headers: { Location: "Where its progress is" } },
    200: { description: "The number, for dry_run", schema: bulkCountSchema },
  },
  errors: ["conflict", "idempotency_mismatch"],
}, async (c, { body }) => {
  const { db, organizationId } = c.var.request;
  const operation = {
    organizationId,
    action: "replay_events",
    filter: body.filter,
    idempotencyKey: readIdempotencyKey(c),
  };
  if (body.dry_run) return reply(200, await countBulkOperation(db, operation));
  const made = await insertBulkOperation(db, operation);
  return reply(202, made, { Location: resourceUrl(c, "runs", "bulk", made.id) });
});

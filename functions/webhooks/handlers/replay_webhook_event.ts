import { z } from "zod";
import { defineRoute, idempotencyHeaders, readIdempotencyKey, reply, resourceUrl } from "../../../shared/http/mod.ts";
import { replayEvent } from "../queries.ts";
import { replaySchema } from "../schemas.ts";

/** POST /webhooks/events/:eventId/replay */
export const replayWebhookEvent = defineRoute({
  method: "post",
  path: "/events/:eventId/replay",
  operationId: "replayWebhookEvent",
  summary: "Replay an event",
  description:
    "Sends a kept event through the endpoint's flow again, as a new event with a new run of the flow's current " +
    "version.",
  tags: ["webhooks"],
  access: { user: "webhooks:write" },
  rateLimit: "run",
  request: { params: z.object({ eventId: z.uuid() }), headers: idempotencyHeaders },
  responses: {
    202: { description: "The new event and its run", schema: replaySchema, headers: { Location: "Where the run is" } },
  },
  errors: ["not_found", "flow_inactive", "idempotency_mismatch"],
}, async (c, { params }) => {
  const replay = await replayEvent(c.var.request.db, params.eventId, readIdempotencyKey(c));
  return reply(202, replay, { Location: resourceUrl(c, "runs", replay.run_id) });
});

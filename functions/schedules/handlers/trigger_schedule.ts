import {
  defineRoute,
  idempotencyHeaders,
  idParams,
  readIdempotencyKey,
  reply,
  resourceUrl,
} from "../../../shared/http/mod.ts";
import { fireSchedule } from "../queries.ts";
import { triggeredSchema } from "../schemas.ts";

/** POST /schedules/:id/trigger */
export const triggerSchedule = defineRoute({
  method: "post",
  path: "/:id/trigger",
  operationId: "triggerSchedule",
  summary: "Trigger a schedule now",
  description: "Starts a run at once, as the clock would, also when the schedule is switched off and whatever its " +
    "overlap policy says. What is due later comes all the same.",
  tags: ["schedules"],
  access: { user: "runs:execute" },
  rateLimit: "run",
  request: { params: idParams, headers: idempotencyHeaders },
  responses: {
    202: { description: "The run, about to begin", schema: triggeredSchema, headers: { Location: "Where the run is" } },
  },
  errors: ["not_found", "flow_inactive", "idempotency_mismatch"],
}, async (c, { params }) => {
  const triggered = await fireSchedule(c.var.request.db, params.id, readIdempotencyKey(c));
  return reply(202, triggered, { Location: resourceUrl(c, "runs", triggered.run_id) });
});

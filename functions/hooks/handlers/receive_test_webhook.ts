import { z } from "zod";
import { defineRawRoute } from "../../../shared/http/mod.ts";
import { receiveDelivery } from "../receive_delivery.ts";
import { challengeSchema, receiptSchema, RECEIVER_ERRORS } from "../schemas.ts";

/** ALL /hooks/:slug/test */
export const receiveTestWebhook = defineRawRoute({
  path: "/:slug/test",
  operationId: "receiveTestWebhook",
  summary: "Receive a test webhook",
  description:
    "The test address of a webhook endpoint. A delivery is judged exactly as at the real address, with the " +
    "same secrets, limits and rate. But it works while flow or (signed) endpoint are switched off, each delivery starts " +
    "a new run of the flow's current version, a refusal says exactly what is wrong, and the event is marked: `is_test` in " +
    "the log, `trigger.test` in the run. It never stands in the way of the real event with the same id.",
  tags: ["hooks"],
  admin: "A provider that delivers an event is no user: the endpoint's secret decides",
  responses: {
    202: { description: "Kept, and a run was started", schema: receiptSchema },
    200: { description: "Kept without a run: the flow is deleted", schema: z.union([receiptSchema, challengeSchema]) },
  },
  errors: RECEIVER_ERRORS,
}, (c, rawBody) => receiveDelivery(c, rawBody, { test: true }));

import { z } from "zod";
import { defineRawRoute } from "../../../shared/http/mod.ts";
import { receiveDelivery } from "../receive_delivery.ts";
import { challengeSchema, receiptSchema, RECEIVER_ERRORS } from "../schemas.ts";

/** ALL /hooks/:slug */
export const receiveWebhook = defineRawRoute({
  path: "/:slug",
  operationId: "receiveWebhook",
  summary: "Receive a webhook",
  description: "The public address of a webhook endpoint. The signature is checked over the raw bytes; the event is " +
    "committed before the answer, and its run begins right after it. A repeated event starts nothing and gets the " +
    "answer of the first one.\n\nAn endpoint with `wait_seconds` answers when the run has ended, " +
    "with what it gave, or with the receipt when that takes longer.\n\nEndpoints of a provider take POST; custom ones take any method.",
  tags: ["hooks"],
  admin: "A provider that delivers an event is no user: the endpoint's secret decides",
  responses: {
    202: { description: "Kept, and a run was started", schema: receiptSchema },
    200: {
      description: "Known already, kept without a run, or waited for: the run has ended",
      schema: z.union([receiptSchema, challengeSchema]),
    },
  },
  errors: RECEIVER_ERRORS,
}, (c, rawBody) => receiveDelivery(c, rawBody, { test: false }));

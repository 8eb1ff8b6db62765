import { z } from "zod";
import { defineRoute, idParams, listOf, listQuery } from "../../../shared/http/mod.ts";
import { findEvents } from "../queries.ts";
import { eventSummarySchema } from "../schemas.ts";

const query = listQuery({
  sort: ["received_at"],
  defaultSort: "-received_at",
  filters: {
    status: z.enum(["accepted", "held"]).optional(),
    test: z.enum(["true", "false"]).transform((text) => text === "true").optional().meta({ examples: ["false"] }),
    type: z.string().min(1).max(255).optional().meta({ examples: ["checkout.session.completed"] }),
  },
});

/** GET /webhooks/:id/events */
export const listWebhookEvents = defineRoute({
  method: "get",
  path: "/:id/events",
  operationId: "listWebhookEvents",
  summary: "List the events of a webhook endpoint",
  description:
    "What arrived and was kept, newest first, replays and tests included. What was refused is only counted: see " +
    "`rejected_count` and `last_rejection` of the endpoint.",
  tags: ["webhooks"],
  access: { user: "webhooks:read" },
  request: { params: idParams, query },
  responses: { 200: { description: "A page of events", schema: listOf(eventSummarySchema) } },
  errors: ["not_found"],
}, (c, { params, query }) => findEvents(c.var.request, params.id, query));

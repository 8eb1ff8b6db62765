import { z } from "zod";
import { defineRoute } from "../../../shared/http/mod.ts";
import { findEvent } from "../queries.ts";
import { eventSchema } from "../schemas.ts";

/** GET /webhooks/events/:eventId */
export const getWebhookEvent = defineRoute({
  method: "get",
  path: "/events/:eventId",
  operationId: "getWebhookEvent",
  summary: "Get an event",
  description: "What arrived, byte for byte, what the signature proved, and the run it started.",
  tags: ["webhooks"],
  access: { user: "webhooks:read" },
  request: { params: z.object({ eventId: z.uuid() }) },
  responses: { 200: { description: "The event", schema: eventSchema } },
  errors: ["not_found"],
}, (c, { params }) => findEvent(c.var.request.db, params.eventId));

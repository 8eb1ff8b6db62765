/**
 * What can be asked of the lists of webhooks that we send.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import { deliverySummarySchema, eventTypeSchema, subscriptionSummarySchema } from "./subscription_schemas.ts";

/** Subscriptions. Ids are ordered by time, and indexed within the organization. */
export const SUBSCRIPTIONS = defineList({
  name: "webhook_subscriptions",
  item: subscriptionSummarySchema,
  sort: { created_at: "created_at", updated_at: "updated_at" },
  defaultSort: "-created_at",
  filters: {
    status: where.equals(z.enum(["active", "paused", "disabled"])),
    application: where.equals(z.string().min(1).max(100)),
    q: where.text(["url"]),
  },
});

/** Deliveries. Ids are ordered by time. */
export const DELIVERIES = defineList({
  name: "webhook_deliveries",
  item: deliverySummarySchema,
  sort: { created_at: "id" },
  defaultSort: "-created_at",
  filters: {
    subscription_id: where.equals(z.uuid()),
    status: where.anyOf(z.enum(["pending", "delivered", "failed", "cancelled"])),
    type: where.equals(z.string().min(1).max(64).meta({ examples: ["run.failed"] })),
    application: where.equals(z.string().min(1).max(100)),
    message_id: where.equals(z.uuid(), { description: "The deliveries of one event" }),
    created_after: where.from({ column: "created_at" }),
    created_before: where.before({ column: "created_at" }),
  },
});

/** The catalogue: all in memory. */
export const EVENT_TYPES_LIST = defineList({
  name: "webhook_event_types",
  item: eventTypeSchema,
  sort: { type: "type" },
  defaultSort: "type",
  id: "type",
  filters: { q: where.text(["type", "description"]) },
});

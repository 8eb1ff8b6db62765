/**
 * What can be asked of the lists of this function.
 *
 * @module
 */
import { z } from "zod";
import { defineList, where } from "../../shared/http/mod.ts";
import {
  eventSummarySchema,
  providerInfoSchema,
  providerSchema,
  refusalSchema,
  webhookSummarySchema,
} from "./schemas.ts";

/** Endpoints. */
export const WEBHOOKS = defineList({
  name: "webhooks",
  item: webhookSummarySchema,
  // Ids are ordered by time, and indexed within the organization.
  sort: { created_at: "id", name: "name", updated_at: "updated_at" },
  defaultSort: "-created_at",
  filters: {
    flow_id: where.equals(z.uuid()),
    provider: where.equals(providerSchema),
    is_active: where.flag(),
    created_after: where.from({ column: "created_at" }),
    created_before: where.before({ column: "created_at" }),
    q: where.text(["name"]),
  },
});

/** The events of an endpoint. Ids are ordered by time, so the order is that of the id. */
export const WEBHOOK_EVENTS = defineList({
  name: "webhook_events",
  item: eventSummarySchema,
  sort: { received_at: "id" },
  defaultSort: "-received_at",
  filters: {
    status: where.equals(z.enum(["accepted", "held"])),
    test: where.flag({ column: "is_test" }),
    type: where.equals(z.string().min(1).max(255).meta({ examples: ["checkout.session.completed"] })),
    run_id: where.equals(z.uuid(), { description: "The event that started a run" }),
    received_after: where.from({ column: "received_at" }),
    received_before: where.before({ column: "received_at" }),
  },
});

/** What an endpoint has refused lately. */
export const WEBHOOK_REFUSALS = defineList({
  name: "webhook_refusals",
  item: refusalSchema,
  sort: { received_at: "id" },
  defaultSort: "-received_at",
  filters: {
    reason: where.equals(z.string().min(1).max(64).meta({ examples: ["signature_mismatch"] })),
    test: where.flag({ column: "is_test" }),
    received_after: where.from({ column: "received_at" }),
    received_before: where.before({ column: "received_at" }),
  },
});

/** The providers: few, and all in memory. */
export const PROVIDERS = defineList({
  name: "webhook_providers",
  item: providerInfoSchema,
  sort: { provider: "provider", title: "title" },
  defaultSort: "title",
  id: "provider",
  filters: { q: where.text(["provider", "title", "description"]) },
});

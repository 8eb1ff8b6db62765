/**
 * What the routes of portal tokens take and answer.
 *
 * @module
 */
import { z } from "zod";
import { EVENT_TYPE_NAMES } from "../../shared/webhooks_out/mod.ts";

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

const bounds = {
  application: z.string().regex(/^[A-Za-z0-9._:-]{1,100}$/).meta({
    description: "Which of your own customers it is for: the subscriptions with this `application`, and no others",
    examples: ["customer-7"],
  }),
  event_types: z.array(z.enum([...EVENT_TYPE_NAMES] as [string, ...string[]])).min(1).max(64).meta({
    description: "What they may be told of. There is no `*`: events are those of your whole organization",
    examples: [["run.failed"]],
  }),
  flow_ids: z.array(z.uuid()).min(1).max(100).nullable().meta({
    description: "Only events of these flows, and those of no flow; null = of all",
  }),
  resource_ids: z.array(z.string().min(1).max(100)).min(1).max(100).nullable().meta({
    description: "Only events whose `data.id` is one of these; null = all",
  }),
  access: z.enum(["read", "write"]).meta({ description: "read = they look and change nothing" }),
  max_subscriptions: z.int().min(1).max(100).meta({
    description: "No further subscription is made when the application has so many",
  }),
};

/** A new portal token. */
export const newPortalTokenSchema = z.strictObject({
  application: bounds.application,
  event_types: bounds.event_types,
  flow_ids: bounds.flow_ids.optional(),
  resource_ids: bounds.resource_ids.optional(),
  access: bounds.access.default("write"),
  max_subscriptions: bounds.max_subscriptions.default(10),
  expires_in_seconds: z.int().min(60).max(3_600).default(900).meta({ description: "An hour at most" }),
}).meta({
  id: "NewWebhookPortalToken",
  examples: [{ application: "customer-7", event_types: ["run.completed", "run.failed"] }],
});

/** A portal token with its text. */
export const portalTokenSchema = z.object({
  id: z.uuid(),
  organization_id: z.uuid(),
  ...bounds,
  expires_at: timestamp,
  created_by: z.uuid().nullable(),
  created_at: timestamp,
  token: z.string().nullable().meta({
    description: "Shown this once. Null = this repeats a request of before the project's secret key changed",
    examples: ["mr_portal_0123456789ABCDEFGHIJKLMNOPQRSTUV012345"],
  }),
}).meta({ id: "WebhookPortalToken", description: "What lets one of your customers manage their own subscriptions" });

/** A new portal token. */
export type NewPortalToken = z.output<typeof newPortalTokenSchema>;
/** A portal token with its text. */
export type PortalToken = z.output<typeof portalTokenSchema>;

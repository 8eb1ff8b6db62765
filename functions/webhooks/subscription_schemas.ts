/**
 * What the routes of webhooks that we send take and answer.
 *
 * @module
 */
import { z } from "zod";
import { jsonSchema } from "../../shared/http/mod.ts";
import { EVENT_TYPE_NAMES } from "../../shared/webhooks_out/mod.ts";

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

/** A type of event, or all. */
export const subscribedType = z.enum(["*", ...EVENT_TYPE_NAMES]);

const url = z.string().min(8).max(2_048).meta({
  description: "Where events are sent: http or https, no address inside our network",
  examples: ["https://example.com/hooks"],
});
const application = z.string().regex(/^[A-Za-z0-9._:-]{1,100}$/).meta({
  description: "Which of your own customers it is for, in your words. Lists filter by it",
});
const headerName = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, "This is no header name");
const headers = z.record(
  headerName,
  z.string().max(2_000).regex(/^[\t\x20-\x7e]*$/, "A header holds printable ASCII characters"),
).superRefine((given, context) => {
  const names = Object.keys(given);
  if (names.length > 20) context.addIssue({ code: "custom", message: "At most 20 headers" });
  for (const name of names.filter((candidate) => RESERVED.test(candidate))) {
    context.addIssue({ code: "custom", path: [name], message: "This header cannot be set" });
  }
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length) {
    context.addIssue({ code: "custom", message: "A header is named twice" });
  }
});

/** What belongs to the connection, or is ours to say. */
const RESERVED =
  /^(?:host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-.*|accept-encoding|proxy-.*|webhook-.*|user-agent|forwarded|via|x-forwarded-.*)$/i;

const settings = {
  url,
  description: z.string().max(500),
  application: application.nullable(),
  event_types: z.array(subscribedType).min(1).max(64).meta({
    description: "What is sent; * = everything. GET /webhooks/event-types says what there is",
    examples: [["run.failed"]],
  }),
  flow_ids: z.array(z.uuid()).min(1).max(100).nullable().meta({
    description: "Only events of these flows, and those of no flow; null = of all",
  }),
  resource_ids: z.array(z.string().min(1).max(100)).min(1).max(100).nullable().meta({
    description: "Only events whose `data.id` is one of these; null = all",
  }),
  transformation: jsonSchema.nullable().meta({
    description:
      "Sent as the body instead of the event: any JSON with expressions over `trigger`, which is the event " +
      "({type, timestamp, data}). Null = the event as it is",
    examples: [{ text: "{{ trigger.type }}: {{ trigger.data.id }}" }],
  }),
  ordered: z.boolean().meta({
    description:
      "True = of events with the same key (the catalogue says which) one is sent only when those before it " +
      "have got through or were given up",
  }),
  rate_per_minute: z.int().min(1).max(60_000).nullable().meta({
    description: "Requests a minute at most; null = no limit",
  }),
  timeout_seconds: z.int().min(1).max(15).meta({ description: "What one attempt may take, the answer included" }),
  priority: z.enum(["high", "normal", "low"]).meta({ description: "Whose deliveries go first when workers are busy" }),
};

/** A new subscription. */
export const newSubscriptionSchema = z.strictObject({
  url,
  event_types: settings.event_types,
  description: settings.description.optional(),
  application: settings.application.optional(),
  flow_ids: settings.flow_ids.optional(),
  resource_ids: settings.resource_ids.optional(),
  transformation: settings.transformation.optional(),
  ordered: settings.ordered.optional(),
  rate_per_minute: settings.rate_per_minute.optional(),
  timeout_seconds: settings.timeout_seconds.optional(),
  priority: settings.priority.optional(),
  headers: headers.optional().meta({ description: "Sent with each event. Their values are never shown again" }),
}).meta({
  id: "NewWebhookSubscription",
  examples: [{ url: "https://example.com/hooks", event_types: ["run.failed"] }],
});

/** Changes of a subscription. */
export const subscriptionChangesSchema = newSubscriptionSchema.partial().extend({
  status: z.enum(["active", "paused"]).optional().meta({
    description: "paused = events are kept, and sent when it is active again",
  }),
  headers: headers.nullable().optional().meta({ description: "Instead of the present ones; null = none any more" }),
}).meta({ id: "WebhookSubscriptionChanges", examples: [{ status: "paused" }] });

/** A subscription in a list. */
export const subscriptionSummarySchema = z.object({
  id: z.uuid(),
  organization_id: z.uuid(),
  ...settings,
  status: z.enum(["active", "paused", "disabled"]).meta({
    description: "disabled = by us, see disabled_reason: nothing is kept or sent until you set it to active",
  }),
  disabled_reason: z.enum(["gone", "failing"]).nullable().meta({
    description: "gone = it answered 410; failing = nothing got through for five days",
  }),
  disabled_at: timestamp.nullable(),
  header_names: z.array(z.string()).meta({ description: "Headers of your own; their values are not shown" }),
  created_by: z.uuid().nullable(),
  version: z.int().meta({ description: "Raised by every change; the ETag" }),
  created_at: timestamp,
  updated_at: timestamp,
}).meta({ id: "WebhookSubscriptionSummary", description: "In a list" });

/** A subscription. */
export const subscriptionSchema = subscriptionSummarySchema.extend({
  secrets: z.array(z.object({
    last_four: z.string(),
    created_at: timestamp,
    expires_at: timestamp.nullable().meta({ description: "Null = the current one" }),
  })).meta({ description: "What is signed with; two during a rotation" }),
}).meta({ id: "WebhookSubscription", description: "An address of yours that is told of events" });

/** A subscription with a secret that was just made. */
export const subscriptionWithSecretSchema = subscriptionSchema.extend({
  secret: z.string().nullable().meta({
    description: "The signing secret, shown this once. Null = this repeats a request of before the master keys changed",
    examples: ["whsec_dGhpcyBpcyBubyBzZWNyZXQ="],
  }),
}).meta({ id: "WebhookSubscriptionWithSecret" });

/** A rotation. */
export const subscriptionRotationSchema = z.strictObject({
  overlap_seconds: z.int().min(0).max(604_800).default(86_400).meta({
    description: "How long events are signed with the old secret too, a week at most",
  }),
}).meta({ id: "WebhookSubscriptionRotation", examples: [{ overlap_seconds: 3600 }] });

/** A test event. */
export const subscriptionTestSchema = z.strictObject({
  type: z.enum([...EVENT_TYPE_NAMES] as [string, ...string[]]).default("run.completed"),
  data: z.record(z.string(), jsonSchema).optional().meta({ description: "When absent, the example of the catalogue" }),
}).meta({ id: "NewWebhookSubscriptionTest", examples: [{ type: "run.failed" }] });

/** A delivery in a list. */
export const deliverySummarySchema = z.object({
  id: z.uuid(),
  subscription_id: z.uuid(),
  message_id: z.uuid().meta({ description: "What the receiver gets as webhook-id" }),
  application: z.string().nullable(),
  type: z.string(),
  status: z.enum(["pending", "delivered", "failed", "cancelled"]).meta({ description: "failed = given up" }),
  attempts: z.int(),
  next_attempt_at: timestamp.nullable().meta({
    description: "Null = it has ended, or waits for those of its key before it",
  }),
  response_status: z.int().nullable().meta({ description: "HTTP status of the last attempt; null = none came" }),
  error_code: z.string().nullable().meta({ description: "Why the last attempt failed" }),
  created_at: timestamp,
  finished_at: timestamp.nullable(),
}).meta({ id: "WebhookDeliverySummary", description: "In a list" });

/** One attempt. */
export const attemptSchema = z.object({
  number: z.int(),
  response_status: z.int().nullable(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  duration_ms: z.int(),
  url: z.string(),
  request_headers: z.record(z.string(), z.string()).meta({
    description: "Without signatures and the values of headers of your own",
  }),
  response_headers: z.record(z.string(), z.string()).nullable(),
  response_body: z.string().nullable().meta({ description: "The first 64 KiB" }),
  response_body_encoding: z.enum(["utf-8", "base64"]).nullable().meta({ description: "base64 = it is no text" }),
  is_cut: z.boolean().meta({ description: "True = there was more of the body than was read" }),
  finished_at: timestamp,
}).meta({ id: "WebhookAttempt" });

/** A delivery with what was sent and what came back. */
export const deliverySchema = deliverySummarySchema.extend({
  request_body: z.string().meta({ description: "What is sent; the event, where no attempt made anything else of it" }),
  history: z.array(attemptSchema).meta({ description: "The attempts, the first one first; the last hundred" }),
}).meta({ id: "WebhookDelivery", description: "An event on its way to one subscription" });

/** Which deliveries are sent again. */
export const bulkRetrySchema = z.strictObject({
  filter: z.strictObject({
    subscription_id: z.uuid().optional(),
    status: z.enum(["failed", "cancelled", "delivered"]).default("failed"),
    type: z.string().min(1).max(64).optional(),
    application: application.optional(),
    created_after: timestamp.optional(),
    created_before: timestamp.optional(),
  }),
  limit: z.int().min(1).max(5_000).default(500),
}).meta({
  id: "WebhookBulkRetry",
  examples: [{ filter: { status: "failed", created_after: "2026-11-20T00:00:00Z" }, limit: 500 }],
});

/** How many were. */
export const bulkRetriedSchema = z.object({
  retried: z.int(),
  more: z.boolean().meta({ description: "True = the filter finds more: ask again" }),
}).meta({ id: "WebhookBulkRetried" });

/** How an endpoint does. */
export const subscriptionStatsSchema = z.object({
  since: timestamp,
  attempts: z.int(),
  succeeded: z.int(),
  success_rate: z.number().nullable().meta({ description: "0 to 1; null = no attempt" }),
  by_outcome: z.object({
    "2xx": z.int(),
    "3xx": z.int(),
    "4xx": z.int(),
    "5xx": z.int(),
    timeout: z.int(),
    not_reached: z.int(),
  }),
  p50_ms: z.number().nullable().meta({ description: "Half of the answers came within so many milliseconds" }),
  p95_ms: z.number().nullable(),
  pending: z.int().meta({ description: "Deliveries that wait, counted up to 10,000" }),
  breaker: z.enum(["closed", "open", "half_open"]).meta({
    description: "open = it failed, and nothing is sent until hold_until; then one delivery is tried",
  }),
  hold_until: timestamp.nullable(),
  failures: z.int().meta({ description: "Since the last success" }),
  failing_since: timestamp.nullable(),
  last_success_at: timestamp.nullable(),
  last_failure_at: timestamp.nullable(),
  last_error: z.string().nullable(),
}).meta({ id: "WebhookSubscriptionStats" });

/** A type of event in the catalogue. */
export const eventTypeSchema = z.object({
  type: z.string(),
  description: z.string(),
  key: z.string().meta({ description: "Events with the same keep their order where a subscription is ordered" }),
  data_schema: jsonSchema.meta({ description: "JSON Schema of `data`" }),
  example: z.record(z.string(), jsonSchema),
}).meta({ id: "WebhookEventType" });

/** A new subscription. */
export type NewSubscription = z.infer<typeof newSubscriptionSchema>;
/** Changes of a subscription. */
export type SubscriptionChanges = z.infer<typeof subscriptionChangesSchema>;
/** A subscription in a list. */
export type SubscriptionSummary = z.infer<typeof subscriptionSummarySchema>;
/** A subscription. */
export type Subscription = z.infer<typeof subscriptionSchema>;
/** A subscription with a secret that was just made. */
export type SubscriptionWithSecret = z.infer<typeof subscriptionWithSecretSchema>;
/** A delivery in a list. */
export type DeliverySummary = z.infer<typeof deliverySummarySchema>;
/** A delivery. */
export type Delivery = z.infer<typeof deliverySchema>;
/** How an endpoint does. */
export type SubscriptionStats = z.infer<typeof subscriptionStatsSchema>;

import { z } from "zod";
import type { JsonObject } from "../../shared/graph/mod.ts";
import { jsonSchema } from "../../shared/http/mod.ts";
import { runStatusSchema } from "../../shared/runs/mod.ts";
import { mappingSchema } from "../../shared/webhooks/mod.ts";

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

/** Who sends webhooks. */
export const providerSchema = z.enum([
  "stripe",
  "typeform",
  "calendly",
  "standard_webhooks",
  "github",
  "slack",
  "shopify",
  "custom",
]);

/** Settings of an endpoint; what they may be is the provider's business, see GET /webhooks/providers. */
export const configSchema = z.record(z.string(), jsonSchema).meta({
  description: "Settings of the provider, see `GET /webhooks/providers`; {} for most",
  examples: [{ signature_header: "X-Signature", algorithm: "sha256" }],
});

const name = z.string().min(1).max(200);
const triggerNode = z.string().min(1).max(64).meta({ description: "Id of the trigger to start at" });
const waitSeconds = z.int().min(0).max(60).meta({
  description: "Seconds that a delivery waits for the end of its run, to be answered with what it gave. 0 = the " +
    "receipt, as soon as the event is kept. Whoever may deliver can read the output then",
});
const secret = z.string().min(8).max(512);
const signatureRequired = z.boolean().meta({
  description: "False = anyone who knows the address can start the flow. Never false unless you say so",
});

/** A new endpoint. */
export const newWebhookSchema = z.strictObject({
  name,
  flow_id: z.uuid().meta({ description: "The flow that an event starts" }),
  provider: providerSchema,
  config: configSchema.optional(),
  secret: secret.optional().meta({
    description: "The signing secret that the provider shows. When absent one is made here, to be pasted there",
  }),
  trigger_node: triggerNode.optional(),
  signature_required: signatureRequired.default(true),
  mapping: mappingSchema.optional(),
  wait_seconds: waitSeconds.default(0),
}).meta({
  id: "NewWebhook",
  examples: [{ name: "Payments", flow_id: "0193a000-0000-7000-8000-000000000001", provider: "stripe" }],
});

/** Changes of an endpoint. */
export const webhookChangesSchema = z.strictObject({
  name: name.optional(),
  flow_id: z.uuid().optional(),
  config: configSchema.optional(),
  trigger_node: triggerNode.optional(),
  signature_required: signatureRequired.optional(),
  is_active: z.boolean().optional().meta({ description: "False = deliveries are answered with 404, but for tests" }),
  mapping: mappingSchema.nullable().optional().meta({ description: "Null takes the mapping away" }),
  wait_seconds: waitSeconds.optional(),
}).meta({ id: "WebhookChanges", examples: [{ is_active: false }] });

/** A rotation. */
export const rotationSchema = z.strictObject({
  secret: secret.optional().meta({
    description: "The new secret that the provider shows. When absent one is made here",
  }),
  overlap_seconds: z.int().min(0).max(604_800).default(86_400)
    .meta({ description: "How long the old secret stays valid, a week at most" }),
}).meta({ id: "WebhookRotation", examples: [{ overlap_seconds: 3600 }] });

const summaryShape = {
  id: z.uuid(),
  organization_id: z.uuid(),
  flow_id: z.uuid(),
  trigger_node: z.string().nullable().meta({ description: "Null = the first trigger.webhook" }),
  name: z.string(),
  provider: providerSchema,
  config: configSchema,
  url: z.string().meta({ description: "The public address: give it to the provider" }),
  test_url: z.string().meta({
    description: "The same for tests: works although endpoint or flow are off, runs each time, and explains refusals",
  }),
  signature_required: z.boolean(),
  is_active: z.boolean(),
  rejected_count: z.int().meta({ description: "Deliveries that were refused" }),
  last_rejected_at: timestamp.nullable(),
  last_rejection: z.string().nullable().meta({ description: "Why the last of them was refused" }),
  created_by: z.uuid().nullable(),
  version: z.int().meta({ description: "Raised by every change; the ETag" }),
  created_at: timestamp,
  updated_at: timestamp,
  mapping: z.record(z.string(), jsonSchema).nullable().meta({
    description: "What it makes of an event; null = nothing",
  }),
  wait_seconds: waitSeconds,
};

/** An endpoint in a list. */
export const webhookSummarySchema = z.object(summaryShape).meta({ id: "WebhookSummary", description: "In a list" });

const webhookShape = {
  ...summaryShape,
  secrets: z.array(z.object({
    last_four: z.string(),
    created_at: timestamp,
    expires_at: timestamp.nullable().meta({ description: "Null = the current one" }),
  })).meta({ description: "The valid secrets; two during a rotation" }),
};

/** An endpoint. */
export const webhookSchema = z.object(webhookShape).meta({
  id: "Webhook",
  description: "An address at which another service starts a flow",
});

/** An endpoint with its new secret, which is shown this once. */
export const webhookWithSecretSchema = z.object({
  ...webhookShape,
  secret: z.string().meta({ description: "The new signing secret, shown this once" }),
}).meta({ id: "WebhookWithSecret" });

const eventShape = {
  id: z.uuid(),
  endpoint_id: z.uuid(),
  event_key: z.string().nullable().meta({ description: "The sender's id of the event" }),
  type: z.string().nullable().meta({ description: "The sender's name for the kind of event" }),
  status: z.enum(["accepted", "held"]).meta({ description: "held = kept, but the flow was off or deleted" }),
  held_because: z.enum(["flow_inactive", "flow_deleted"]).nullable(),
  verdict: z.enum(["verified", "unsigned"]).meta({ description: "unsigned = nobody checked who sent it" }),
  method: z.string(),
  run_id: z.uuid().nullable(),
  deliveries: z.int().meta({ description: "How often it came; above 1, the sender repeated itself" }),
  replay_of: z.uuid().nullable().meta({ description: "The event that a person sent again" }),
  is_test: z.boolean().meta({ description: "True = it came to the test address" }),
  mapping_error: z.string().nullable().meta({
    description: "What of the endpoint's mapping could not be had, so that the run began without it",
  }),
  received_at: timestamp,
};

/** An event in a list. */
export const eventSummarySchema = z.object(eventShape).meta({ id: "WebhookEventSummary", description: "In a list" });

/** An event with what came. */
export const eventSchema = z.object({
  ...eventShape,
  headers: z.record(z.string(), z.string()).meta({ description: "Without credentials, signatures and proxies' own" }),
  query: z.record(z.string(), z.string()),
  body: z.string().meta({ description: "The bytes that were signed" }),
  body_encoding: z.enum(["utf-8", "base64"]).meta({ description: "base64 = the bytes are no text" }),
  body_bytes: z.int(),
  mapped: z.record(z.string(), jsonSchema).nullable().meta({
    description: "The entity and the input that the endpoint's mapping gave; null = it had no mapping",
  }),
}).meta({ id: "WebhookEvent", description: "A delivery that was kept" });

/** A refused delivery. */
export const refusalSchema = z.object({
  id: z.uuid(),
  endpoint_id: z.uuid(),
  reason: z.string().meta({
    description: "Why it was refused, such as signature_mismatch, missing_signature, stale_timestamp, invalid_body",
  }),
  detail: z.string().nullable().meta({ description: "What exactly was wrong" }),
  method: z.string(),
  headers: z.record(z.string(), z.string()).meta({ description: "Without credentials, signatures and proxies' own" }),
  query: z.record(z.string(), z.string()),
  body: z.string().meta({ description: "Its first 4 KiB. Nobody has proved who wrote it" }),
  body_encoding: z.enum(["utf-8", "base64"]).meta({ description: "base64 = the bytes are no text" }),
  body_bytes: z.int().meta({ description: "How long the whole body was" }),
  is_test: z.boolean().meta({ description: "True = it came to the test address" }),
  received_at: timestamp,
}).meta({ id: "WebhookRefusal", description: "A delivery that was refused" });

const rate = z.number().min(0).max(1).nullable();
const count = z.int().min(0);

/** What came to an endpoint, and what became of it. */
export const statsSchema = z.object({
  from: z.iso.date(),
  to: z.iso.date().meta({ description: "Today, UTC" }),
  events: count.meta({ description: "Events that were kept, each once; without tests and replays" }),
  held: count.meta({ description: "Of them, those that started no run" }),
  repeated: count.meta({ description: "Deliveries of events that were known already" }),
  unsigned: count,
  mapping_errors: count,
  tests: count,
  replays: count,
  refused: count.meta({ description: "Refused deliveries, those to the test address aside" }),
  acceptance_rate: rate.meta({ description: "Events kept / (kept + refused); null = nothing came" }),
  runs: z.object({ sampled: count, completed: count, failed: count, unfinished: count }).meta({
    description: "How the runs of the latest thousand events ended; failed = in any way but completed",
  }),
  success_rate: rate.meta({ description: "Runs completed / runs ended, of those; null = none has ended" }),
  days: z.array(z.object({ day: z.iso.date(), kept: count, refused: count })),
}).meta({ id: "WebhookStats", description: "What came to an endpoint, and what became of it" });

/** Which events are to be replayed. */
export const replayManySchema = z.strictObject({
  filter: z.strictObject({
    endpoint_id: z.uuid().optional(),
    event_ids: z.array(z.uuid()).min(1).max(1_000).optional(),
    type: z.array(z.string().min(1).max(255)).min(1).max(100).optional(),
    status: z.array(z.enum(["accepted", "held"])).min(1).optional(),
    run_status: z.array(runStatusSchema).min(1).optional().meta({ description: "How their runs are now" }),
    test: z.boolean().optional(),
    received_after: z.iso.datetime({ offset: true }).optional(),
    received_before: z.iso.datetime({ offset: true }).optional(),
  }).refine((filter) => Object.keys(filter).length > 0, "Name at least one thing: without any, every event is meant"),
  dry_run: z.boolean().default(false).meta({ description: "Only say how many events there are" }),
}).meta({
  id: "NewWebhookReplay",
  examples: [{ filter: { status: ["held"], received_after: "2026-11-20T00:00:00Z" } }],
});

/** What a replay has made. */
export const replaySchema = z.object({ event_id: z.uuid(), run_id: z.uuid() }).meta({ id: "WebhookReplay" });

/** What belongs to the connection, to whoever calls us, or to the platform: no header of an event. */
const NO_EVENT_HEADER =
  /^(?:host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-length|content-encoding|accept-encoding|authorization|apikey|cookie|forwarded|via|proxy-.*|x-forwarded-.*|sb-.*|cf-.*|sec-.*)$/i;

const testHeaders = z.record(
  z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, "This is no header name"),
  z.string().max(2_000).regex(/^[\t\x20-\x7e]*$/, "A header holds printable ASCII characters"),
).superRefine((headers, context) => {
  const names = Object.keys(headers);
  if (names.length > 32) context.addIssue({ code: "custom", message: "At most 32 headers" });
  for (const name of names.filter((candidate) => NO_EVENT_HEADER.test(candidate))) {
    context.addIssue({ code: "custom", path: [name], message: "This header cannot be set" });
  }
});

/** A test event to send. */
export const newTestSchema = z.strictObject({
  body: jsonSchema.optional().meta({ description: "The body; when absent, a sample of the provider's" }),
  event_type: z.string().min(1).max(255).optional().meta({
    description: "Put where the provider has the type of an event",
  }),
  headers: testHeaders.optional().meta({ description: "Sent besides the provider's own; the signature comes last" }),
}).meta({ id: "NewWebhookTest", examples: [{ event_type: "checkout.session.completed" }] });

/** What became of a test event. */
export const testSchema = z.object({
  status: z.int().meta({ description: "HTTP status with which the receiver answered" }),
  verdict: z.enum(["verified", "unsigned", "rejected"]).meta({ description: "unsigned = nobody checked who sent it" }),
  event_id: z.uuid().nullable().meta({ description: "The event in the log; null = it was rejected" }),
  run_id: z.uuid().nullable().meta({ description: "The run it started; null = none" }),
  held_because: z.enum(["flow_inactive", "flow_deleted"]).nullable().meta({ description: "Why it started no run" }),
  code: z.string().nullable().meta({ description: "Error code of the rejection, such as invalid_signature" }),
  detail: z.string().nullable().meta({ description: "Why it was rejected" }),
  request: z.object({
    method: z.string(),
    url: z.string(),
    headers: z.record(z.string(), z.string()).meta({
      description: "As they were sent; the signature, with which the body could be sent again, is left out",
    }),
    body: z.string(),
  }),
  duration_ms: z.int().meta({ description: "From the request to the answer, milliseconds" }),
}).meta({ id: "WebhookTest", description: "What became of a test event" });

/** How a provider signs and what can be set. */
export const providerInfoSchema = z.object({
  provider: providerSchema,
  title: z.string(),
  description: z.string(),
  secret_from: z.enum(["provider", "us"]).meta({ description: "Who makes the signing secret" }),
  config_schema: jsonSchema.meta({ description: "JSON Schema of the settings" }),
}).meta({ id: "WebhookProvider" });

/** A new endpoint. */
export type NewWebhook = z.infer<typeof newWebhookSchema>;
/** Changes of an endpoint. */
export type WebhookChanges = z.infer<typeof webhookChangesSchema>;
/** A rotation. */
export type Rotation = z.infer<typeof rotationSchema>;
/** An endpoint in a list. */
export type WebhookSummary = z.infer<typeof webhookSummarySchema>;
/** An endpoint. */
export type Webhook = z.infer<typeof webhookSchema>;
/** An endpoint with its new secret. */
export type WebhookWithSecret = z.infer<typeof webhookWithSecretSchema>;
/** An event in a list. */
export type EventSummary = z.infer<typeof eventSummarySchema>;
/** An event with what came. */
export type WebhookEvent = z.infer<typeof eventSchema>;
/** A test event to send. */
export type NewTest = z.infer<typeof newTestSchema>;
/** What became of a test event. */
export type WebhookTest = z.infer<typeof testSchema>;
/** What it takes to send a test event (`engine.get_webhook_sender`). */
export interface WebhookSender {
  readonly slug: string;
  readonly provider: string;
  readonly config: JsonObject;
  readonly signature_required: boolean;
  /** The current one; null = there is none. */
  readonly secret: string | null;
}
/** A refused delivery. */
export type Refusal = z.infer<typeof refusalSchema>;
/** What came to an endpoint, and what became of it. */
export type WebhookStats = z.infer<typeof statsSchema>;
/** What a replay has made. */
export type Replay = z.infer<typeof replaySchema>;

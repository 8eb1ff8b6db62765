import { z } from "zod";
import { jsonSchema } from "../../shared/http/mod.ts";

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

/** Who sends webhooks. */
export const providerSchema = z.enum(["stripe", "typeform", "custom"]);

/** Settings of an endpoint; what they may be is the provider's business, see GET /webhooks/providers. */
export const configSchema = z.record(z.string(), jsonSchema).meta({
  description: "Settings of the provider, see `GET /webhooks/providers`; {} for Stripe and Typeform",
  examples: [{ signature_header: "X-Signature", algorithm: "sha256" }],
});

const name = z.string().min(1).max(200);
const triggerNode = z.string().min(1).max(64).meta({ description: "Id of the trigger to start at" });
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
  is_active: z.boolean().optional().meta({ description: "False = deliveries are answered with 404" }),
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
  signature_required: z.boolean(),
  is_active: z.boolean(),
  rejected_count: z.int().meta({ description: "Deliveries that were refused" }),
  last_rejected_at: timestamp.nullable(),
  last_rejection: z.string().nullable().meta({ description: "Why the last of them was refused" }),
  created_by: z.uuid().nullable(),
  version: z.int().meta({ description: "Raised by every change; the ETag" }),
  created_at: timestamp,
  updated_at: timestamp,
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
}).meta({ id: "WebhookEvent", description: "A delivery that was kept" });

/** What a replay has made. */
export const replaySchema = z.object({ event_id: z.uuid(), run_id: z.uuid() }).meta({ id: "WebhookReplay" });

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
/** What a replay has made. */
export type Replay = z.infer<typeof replaySchema>;

import { z } from "zod";
import type { ErrorCode } from "../../shared/errors/mod.ts";
import type { AheadPlace } from "../../shared/engine/mod.ts";
import type { JsonObject } from "../../shared/graph/mod.ts";
import { jsonSchema } from "../../shared/http/mod.ts";
import { runErrorSchema } from "../../shared/runs/mod.ts";
import type { RateAnswer } from "../../shared/rate_limit/mod.ts";
import type { StoredEndpointSecret } from "../../shared/secrets/mod.ts";

/** The answer to a delivery. */
export const receiptSchema = z.object({
  event_id: z.uuid().meta({ description: "The event in the log; the first one's for a repeated delivery" }),
  run_id: z.uuid().nullable().meta({ description: "The run it started; null = none" }),
  duplicate: z.boolean().meta({ description: "True = the event was known already; nothing was started" }),
  status: z.enum(["accepted", "held"]).meta({ description: "held = kept, but the flow is off or deleted" }),
  held_because: z.enum(["flow_inactive", "flow_deleted"]).nullable(),
  unsigned: z.literal(true).optional().meta({ description: "There when the endpoint asks for no signature" }),
  run: z.object({
    status: z.string(),
    output: jsonSchema,
    error: runErrorSchema.nullable(),
  }).optional().meta({ description: "How the run ended, where the endpoint waits for that and it was in time" }),
  test: z.literal(true).optional().meta({ description: "There when it came to the test address" }),
}).meta({ id: "WebhookReceipt", description: "The answer to a delivery" });

/** The answer to a provider that asks whether the address is ours. */
export const challengeSchema = z.object({
  challenge: z.string().meta({ description: "What it sent" }),
}).meta({ id: "WebhookChallenge", description: "The answer to Slack's signed question whether the address is ours" });

/** What a delivery may be refused with. */
export const RECEIVER_ERRORS: readonly ErrorCode[] = [
  "ip_blocked",
  "not_found",
  "method_not_allowed",
  "rate_limited",
  "invalid_signature",
  "invalid_json",
  "invalid_request",
];

/** The answer to a delivery. */
export type Receipt = z.infer<typeof receiptSchema>;

/** What the receiver knows of an endpoint (`engine.get_webhook_endpoint`). */
export interface ReceivingEndpoint {
  readonly id: string;
  readonly organization_id: string;
  readonly flow_id: string;
  readonly provider: string;
  readonly config: JsonObject;
  /** What to make of an event; null = nothing. */
  readonly mapping: JsonObject | null;
  readonly signature_required: boolean;
  /** Seconds that a delivery waits for the end of its run. */
  readonly wait_seconds: number;
  /** What it takes to run the flow before the event is kept; null = it has to be run afterwards. */
  readonly ahead: AheadPlace | null;
  /** The current secret and, during a rotation, the one before. */
  readonly secrets: readonly StoredEndpointSecret[];
  /** One token of the endpoint's rate limit, taken. */
  readonly rate: RateAnswer;
}

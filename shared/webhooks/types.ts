/**
 * What a webhook adapter is: how one provider signs, and what its deliveries mean.
 *
 * @module
 */
import type { z } from "zod";
import type { Json, JsonObject } from "../graph/mod.ts";

/** A delivery as it came in. */
export interface WebhookDelivery {
  /** The body, untouched: the signature is over these bytes. */
  rawBody: Uint8Array;
  /** Its header fields. */
  headers: Headers;
  /** Settings of the endpoint, as `configSchema` wants them. */
  config: JsonObject;
  /**
   * Parses JSON text; throws when it is not acceptable. The receiver passes the strict parser of the request path;
   * plain `JSON.parse` by default.
   */
  parseJson?: (text: string) => unknown;
}

/** A delivery whose signature is to be checked. */
export interface SignedDelivery extends WebhookDelivery {
  /** Valid secrets: the current one and, during a rotation, the one before. */
  secrets: readonly string[];
  /** The present, for timestamps. */
  now: Date;
}

/** What a delivery says. */
export interface WebhookEvent {
  /** Id of the event, the same in every redelivery; null when the provider gives none. */
  eventKey: string | null;
  /** Type as the provider names it, null when it has none. */
  type: string | null;
  body: Json;
  /** The signed time, in seconds; null when none is signed. */
  timestampSeconds: number | null;
  /**
   * Whether deliveries with the same body are the same event too. True where the id is not covered by the signature:
   * then a recorded delivery could be sent again under another id.
   */
  dedupeByBody: boolean;
}

/** Why a delivery is refused. All but `invalid_body` mean that its sender is not proved. */
export type WebhookRejection =
  | "no_secret"
  | "invalid_config"
  | "missing_signature"
  | "malformed_signature"
  | "signature_mismatch"
  | "missing_timestamp"
  | "stale_timestamp"
  | "invalid_body";

/** A delivery was refused. */
export interface WebhookRefusal {
  ok: false;
  reason: WebhookRejection;
  /** More for the endpoint's owner; never anything of a secret. */
  detail?: string;
  /** What the parser of the body threw. */
  cause?: unknown;
}

/** What checking or reading a delivery gives. */
export type WebhookVerdict = WebhookAcceptance | WebhookRefusal;

/** A delivery was accepted. */
export interface WebhookAcceptance {
  ok: true;
  event: WebhookEvent;
  /**
   * Text with which it is to be answered instead of being kept: the sender only asks whether the address is ours. There
   * for signed deliveries only.
   */
  answer?: string;
}

/** What a test event is to be like. */
export interface SampleOptions {
  /** Settings of the endpoint. */
  config: JsonObject;
  /** The present. */
  now: Date;
  /** The body instead of the provider's sample. */
  body?: Json;
  /** Type of the event; put where the provider has it, where the body has room for it. */
  eventType?: string;
}

/** A test event, not signed yet. */
export interface SampleEvent {
  /** The body as it is sent. */
  text: string;
  /** Its header fields, without the signature. */
  headers: Record<string, string>;
}

/** A delivery that is to be signed. */
export interface OutgoingDelivery extends Omit<WebhookDelivery, "parseJson"> {
  /** The endpoint's current secret. */
  secret: string;
  /** The time to sign. */
  now: Date;
}

/** One provider. */
export interface WebhookAdapter {
  /** Stable name, stored with endpoints. */
  provider: string;
  title: string;
  /** One or two sentences for people. */
  description: string;
  /** Who makes the signing secret: the provider shows it, or we make one and it is pasted there. */
  secretFrom: "provider" | "us";
  /** Schema of an endpoint's settings. */
  configSchema: z.ZodType<Record<string, unknown>>;
  /** Whether deliveries are usually compared by body too; `event.dedupeByBody` decides for one delivery. */
  dedupeByBody: boolean;
  /** Checks the signature over the raw bytes, and only then reads the body. Never throws. */
  verify(delivery: SignedDelivery): Promise<WebhookVerdict>;
  /**
   * Reads a delivery without checking who sent it, for endpoints whose signature was turned off on purpose. Its id is
   * as good as nothing then: `dedupeByBody` is true. Never throws.
   */
  read(delivery: WebhookDelivery): WebhookVerdict;
  /** Makes a test event: one that the provider could have sent, with a new id each time. */
  sampleEvent(options: SampleOptions): SampleEvent;
  /**
   * Signs a delivery as the provider does.
   *
   * @returns The header fields that carry the signature; none when the secret is no key: the receiver says so then.
   */
  sign(delivery: OutgoingDelivery): Promise<Record<string, string>>;
}

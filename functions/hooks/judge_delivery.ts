import { type AppError, invalidJson, invalidSignature, isAppError } from "../../shared/errors/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { parseJson } from "../../shared/http/mod.ts";
import type { WebhookAdapter, WebhookEvent, WebhookRefusal, WebhookRejection } from "../../shared/webhooks/mod.ts";
import type { ReceivingEndpoint } from "./schemas.ts";

/** A delivery that may be kept. */
export interface GoodDelivery {
  readonly ok: true;
  readonly event: WebhookEvent;
  /** What a signed question of the provider is to be answered with; it is no event then. */
  readonly answer?: string;
  /** Whether nobody checked who sent it. */
  readonly unsigned: boolean;
}

/** A delivery that is refused. */
export interface BadDelivery {
  readonly ok: false;
  /** For the endpoint's owner. */
  readonly reason: string;
  /** What exactly was wrong, for them too. */
  readonly detail?: string;
  /** For the sender. */
  readonly error: AppError;
}

/** What it takes to judge: the endpoint, its secrets opened. */
export interface JudgedEndpoint extends Pick<ReceivingEndpoint, "config" | "signature_required"> {
  readonly secrets: readonly string[];
}

/** What senders are told; it helps whoever sets the webhook up and nobody else. */
const DETAILS: Readonly<Record<Exclude<WebhookRejection, "invalid_body">, string>> = {
  no_secret: "The endpoint has no usable secret",
  invalid_config: "The settings of the endpoint do not fit its provider",
  missing_signature: "The signature is missing",
  malformed_signature: "The signature has the wrong form",
  signature_mismatch: "The signature does not match the body",
  missing_timestamp: "The time of the signature is missing",
  stale_timestamp: "The signature is too old, or the sender's clock is wrong",
};

/**
 * Decides about a delivery: its signature over the raw bytes first, and what it says only after that. Never throws.
 *
 * A signed body that is no JSON at all is kept as text, so that nothing a sender vouches for is lost. JSON that means
 * different things to different readers (a property twice, a number that changes when it is read) is refused.
 *
 * @param explain Tell the sender exactly what is wrong: for who tries an endpoint out.
 */
export async function judgeDelivery(
  adapter: WebhookAdapter,
  endpoint: JudgedEndpoint,
  headers: Headers,
  rawBody: Uint8Array,
  now: Date,
  explain = false,
): Promise<GoodDelivery | BadDelivery> {
  const { config, secrets, signature_required } = endpoint;
  const delivery = { rawBody, headers, config, parseJson: (text: string) => parseJson(text, { uniqueKeys: true }) };
  const verdict = signature_required ? await adapter.verify({ ...delivery, secrets, now }) : adapter.read(delivery);
  const unsigned = !signature_required;
  if (verdict.ok) return { ...verdict, unsigned };
  if (verdict.reason !== "invalid_body") {
    const cause = new Error(verdict.detail ?? verdict.reason);
    const details = [DETAILS[verdict.reason], ...(explain && verdict.detail !== undefined ? [verdict.detail] : [])];
    const error = invalidSignature(details.join(": "), cause);
    return {
      ok: false,
      reason: verdict.reason,
      ...(verdict.detail !== undefined && { detail: verdict.detail }),
      error,
    };
  }
  const text = isNoJson(verdict) ? readText(rawBody) : undefined;
  if (text !== undefined) return { ok: true, event: textEvent(text), unsigned };
  const detail = verdict.detail ?? "";
  return { ok: false, reason: `invalid_body: ${detail}`, detail, error: toInvalidJson(verdict) };
}

/** Whether the body is not JSON, as opposed to JSON that is not acceptable. */
function isNoJson({ cause }: WebhookRefusal): boolean {
  return isAppError(cause) && cause.problems?.[0]?.code === "syntax";
}

/** The body as text that Postgres can keep. */
function readText(rawBody: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(rawBody);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

/** An event of which only the bytes are known. */
function textEvent(text: string): WebhookEvent {
  const body: Json = text;
  return { eventKey: null, type: null, body, timestampSeconds: null, dedupeByBody: true };
}

function toInvalidJson({ detail, cause }: WebhookRefusal): AppError {
  if (isAppError(cause)) return cause;
  return invalidJson("invalid_body", detail ?? "The body cannot be read", "body", cause);
}

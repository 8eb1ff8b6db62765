/**
 * Sends a batch of deliveries to one endpoint, all at once, and tells what came of each.
 *
 * @module
 */
import { toBase64 } from "../bytes/mod.ts";
import type { Json, JsonObject } from "../graph/mod.ts";
import { type HttpProvider, type HttpResponse, NodeError, parseRetryAfter } from "../providers/mod.ts";
import { type Keyring, openEnvelope, webhookSubscriptionPlace } from "../secrets/mod.ts";
import { signMessage } from "./sign.ts";
import { applyTransformation } from "./transformation.ts";

/** Bytes of an answer that are read. */
const MAX_RESPONSE_BYTES = 65_536;
/** Bytes of a body that a transformation may make. */
const MAX_BODY_BYTES = 1_048_576;

/** What `engine.begin_webhook_batch` answers. */
export interface WebhookBatch {
  readonly subscription?: {
    readonly id: string;
    readonly organization_id: string;
    readonly url: string;
    readonly timeout_seconds: number;
    readonly transformation: Json;
  };
  /** The newest first. */
  readonly secrets?: readonly {
    readonly kind: "signing" | "headers";
    readonly number: number;
    readonly envelope: string;
  }[];
  /** The database's present. */
  readonly now?: string;
  readonly deliveries: readonly PendingDelivery[];
}

/** One of them. */
export interface PendingDelivery {
  readonly id: string;
  readonly message_id: string;
  readonly type: string;
  readonly created_at: string;
  readonly data: JsonObject;
  /** What a transformation made for an earlier attempt; null = none did. */
  readonly body: string | null;
  readonly attempt: number;
}

/** What came of one, as `engine.end_webhook_batch` takes it. */
export interface DeliveryResult {
  readonly id: string;
  readonly status: number | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly duration_ms: number;
  readonly url: string;
  readonly request_headers: Record<string, string>;
  readonly response_headers: Record<string, string> | null;
  /** Base64. */
  readonly response_body: string | null;
  readonly is_cut: boolean;
  /** Seconds. */
  readonly retry_after: number | null;
  /** What the transformation made, to be sent again as it is. */
  readonly body: string | null;
}

/** What it takes. */
export interface SendOptions {
  readonly http: HttpProvider;
  readonly keyring: Keyring;
  readonly signal?: AbortSignal;
}

/** The event as it is sent where no transformation makes something else of it. */
export function eventBody({ type, created_at, data }: Pick<PendingDelivery, "type" | "created_at" | "data">) {
  return { type, timestamp: created_at, data };
}

/**
 * Sends deliveries.
 *
 * @param batch As it was leased.
 * @param options How.
 * @returns What came of each; it throws only when nothing could be sent at all.
 * @throws {RangeError | DOMException} The secrets cannot be opened.
 */
export async function sendBatch(batch: WebhookBatch, options: SendOptions): Promise<DeliveryResult[]> {
  const { subscription, deliveries } = batch;
  if (subscription === undefined || deliveries.length === 0) return [];
  const open = { signing: [] as string[], headers: {} as Record<string, string> };
  for (const { kind, number, envelope } of batch.secrets ?? []) {
    const place = webhookSubscriptionPlace(subscription.organization_id, subscription.id, kind, number);
    const bytes = Uint8Array.from(atob(envelope), (char) => char.charCodeAt(0));
    const value = await openEnvelope(options.keyring, place, bytes);
    if (kind === "signing") open.signing.push(value);
    else open.headers = JSON.parse(value);
  }
  const now = batch.now === undefined ? new Date() : new Date(batch.now);
  return await Promise.all(deliveries.map((delivery) => send(delivery, subscription, open, now, options)));
}

async function send(
  delivery: PendingDelivery,
  { url, timeout_seconds, transformation }: NonNullable<WebhookBatch["subscription"]>,
  open: { readonly signing: readonly string[]; readonly headers: Readonly<Record<string, string>> },
  now: Date,
  { http, signal }: SendOptions,
): Promise<DeliveryResult> {
  const started = performance.now();
  const none = { status: null, code: null, message: null, response_headers: null, response_body: null };
  const basis = { id: delivery.id, url, request_headers: {}, is_cut: false, retry_after: null, body: null };
  const end = (result: Partial<DeliveryResult>): DeliveryResult => ({
    ...basis,
    ...none,
    duration_ms: Math.round(performance.now() - started),
    ...result,
  });
  let text: string;
  try {
    text = delivery.body ?? bodyOf(delivery, transformation);
  } catch (error) {
    return end({ code: "transformation_failed", message: error instanceof Error ? error.message : String(error) });
  }
  const body = new TextEncoder().encode(text);
  const kept = transformation === null ? null : text;
  const signed = await signMessage(open.signing, { id: delivery.message_id, body }, now);
  const headers = { "content-type": "application/json", "user-agent": "Millrace-Webhooks/1", ...signed };
  const shown: Record<string, string> = { ...headers, "webhook-signature": open.signing.map(() => "v1,…").join(" ") };
  for (const name of Object.keys(open.headers)) shown[name] = "…";
  try {
    const response = await http.request({
      method: "POST",
      url,
      headers: { ...open.headers, ...headers },
      body,
      timeoutSeconds: timeout_seconds,
      maxResponseBytes: MAX_RESPONSE_BYTES,
      cutBody: true,
      maxRedirects: 0,
      ...(signal === undefined ? {} : { signal }),
    });
    return end({ ...describe(response, now), request_headers: shown, body: kept });
  } catch (error) {
    // The worker goes: nothing is known of this attempt, and it does not count.
    if (signal?.aborted) throw error;
    return end({ ...describeFailure(error), request_headers: shown, body: kept });
  }
}

function bodyOf(delivery: PendingDelivery, transformation: Json): string {
  const event = eventBody(delivery);
  if (transformation === null) return JSON.stringify(event);
  const text = JSON.stringify(applyTransformation(transformation, event));
  if (text === undefined) throw new Error("The transformation gave nothing");
  if (new TextEncoder().encode(text).length > MAX_BODY_BYTES) {
    throw new Error("The transformation gave more than 1 MiB");
  }
  // Postgres keeps no such character.
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(text)) throw new Error("The transformation gave a text with the character U+0000");
  return text;
}

/** Answers as they are kept: without what belongs to sessions. */
function describe(response: HttpResponse, now: Date): Partial<DeliveryResult> {
  const { "set-cookie": _, ...headers } = response.headers;
  const good = response.status >= 200 && response.status <= 299;
  return {
    status: response.status,
    code: good ? null : response.status === 410 ? "gone" : response.status < 400 ? "redirect" : "http_status",
    message: good ? null : `The server answered ${response.status}`,
    response_headers: storable(headers),
    response_body: toBase64(response.body),
    is_cut: response.isCut ?? false,
    retry_after: parseRetryAfter(response.headers["retry-after"], now),
  };
}

function describeFailure(error: unknown): Partial<DeliveryResult> {
  if (!(error instanceof NodeError)) return { code: "internal", message: "The delivery could not be sent" };
  const status = (error.details as { status?: unknown } | undefined)?.status;
  if (typeof status === "number") return { status, code: "redirect", message: error.message };
  const code = error.code === "step_timeout" ? "timeout" : error.code === "http_error" ? "not_reached" : error.code;
  return { code, message: error.message };
}

/** Header values are bytes: what Postgres cannot keep as text is replaced. */
function storable(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).slice(0, 100).map((
      [name, value],
    ) => [name, value.replaceAll("\u0000", "�").slice(0, 4_096)]),
  );
}

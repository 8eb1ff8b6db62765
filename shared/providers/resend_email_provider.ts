/**
 * Email through Resend. https://resend.com/docs/api-reference/emails/send-email
 *
 * @module
 */
import type { ErrorResponse, Resend } from "resend";
import { NodeError } from "./node_error.ts";
import { parseRetryAfter } from "./parse_retry_after.ts";
import type { EmailProvider } from "./types.ts";

/** How to reach Resend. */
export interface ResendOptions {
  /** API key, `re_…`. */
  apiKey: string;
  /** Another address of the API, without a slash at the end. */
  baseUrl?: string;
  /** Sender when a message names none. */
  from: string;
}

/** Conflicts that go away by themselves: the first request with the key is still under way. */
const PASSING: ReadonlySet<string> = new Set(["concurrent_idempotent_requests"]);
/** Refusals under status 429 that hours of waiting would not lift. */
const EXHAUSTED: ReadonlySet<string> = new Set(["daily_quota_exceeded", "monthly_quota_exceeded"]);

/**
 * Builds the email provider over Resend's SDK. The SDK is loaded with the first message: it costs 7 to 25 ms, and most
 * isolates never send one.
 *
 * @param options Key, address and default sender.
 * @returns The provider.
 */
export function createResendEmailProvider(options: ResendOptions): EmailProvider {
  let client: Promise<Resend> | undefined;
  return {
    name: "resend",
    async send(message, { idempotencyKey, signal }) {
      signal?.throwIfAborted();
      client ??= connect(options);
      const { data, error, headers } = await (await client).emails.send(
        {
          from: message.from ?? options.from,
          to: message.to,
          subject: message.subject,
          ...(message.cc ? { cc: message.cc } : {}),
          ...(message.bcc ? { bcc: message.bcc } : {}),
          ...(message.replyTo ? { replyTo: message.replyTo } : {}),
          ...(message.html === undefined ? { text: message.text ?? "" } : { html: message.html }),
          ...(message.html !== undefined && message.text !== undefined ? { text: message.text } : {}),
        },
        { idempotencyKey, ...(signal ? { signal } : {}) },
      );
      // The SDK turns an abort into an ordinary error without status.
      signal?.throwIfAborted();
      // The SDK passes on whatever JSON came, so a proxy's answer may lack every field.
      if (error || typeof data?.id !== "string") throw toNodeError(error ?? {}, headers);
      return { id: data.id };
    },
  };
}

async function connect({ apiKey, baseUrl }: ResendOptions): Promise<Resend> {
  const { Resend } = await import("resend");
  return new Resend(apiKey, baseUrl === undefined ? {} : { baseUrl });
}

/**
 * 429 and 5xx may pass; everything else needs a person. Without a status no answer came, or none of Resend's: trying
 * again is harmless because the key stays the same.
 */
function toNodeError(error: Partial<ErrorResponse>, headers: Record<string, string> | null): NodeError {
  const { name = "application_error", message = "The answer cannot be read" } = error;
  const status = error.statusCode ?? null;
  const retryable = PASSING.has(name) ||
    ((status === null || status === 429 || status >= 500) && !EXHAUSTED.has(name));
  const retryAfterSeconds = retryable ? parseRetryAfter(headers?.["retry-after"], new Date()) : null;
  return new NodeError(`Resend: ${String(message).slice(0, 500)}`, {
    code: "provider_error",
    retryable,
    details: { provider: "resend", status, name },
    ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
  });
}

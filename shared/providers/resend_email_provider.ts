/**
 * Email through Resend. https://resend.com/docs/api-reference/emails/send-email
 *
 * @module
 */
import type { CreateEmailOptions, ErrorResponse, Resend } from "resend";
import { checkEmail, emailError, type EmailFailure } from "./email_failure.ts";
import type { NodeError } from "./node_error.ts";
import { parseRetryAfter } from "./parse_retry_after.ts";
import type { BatchedEmail, EmailMessage, EmailProvider } from "./types.ts";

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
/** What the SDK's errors are called when no connection came about. */
const NOT_CONNECTED = "not_connected";

/**
 * Builds the email provider over Resend's SDK. The SDK is loaded with the first message: it costs 7 to 25 ms, and most
 * isolates never send one.
 *
 * @param options Key, address and default sender.
 * @returns The provider.
 */
export function createResendEmailProvider(options: ResendOptions): EmailProvider {
  let client: Promise<Resend> | undefined;
  const toRequest = (message: EmailMessage): CreateEmailOptions => {
    checkEmail(message);
    return {
      from: message.from ?? options.from,
      to: message.to,
      subject: message.subject,
      ...(message.cc ? { cc: message.cc } : {}),
      ...(message.bcc ? { bcc: message.bcc } : {}),
      ...(message.replyTo ? { replyTo: message.replyTo } : {}),
      ...(message.headers ? { headers: { ...message.headers } } : {}),
      ...(message.tags ? { tags: Object.entries(message.tags).map(([name, value]) => ({ name, value })) } : {}),
      ...(message.html === undefined ? { text: message.text ?? "" } : { html: message.html }),
      ...(message.html !== undefined && message.text !== undefined ? { text: message.text } : {}),
    };
  };
  return {
    name: "resend",
    async send(message, { idempotencyKey, signal }) {
      signal?.throwIfAborted();
      const request = toRequest(message);
      client ??= connect(options);
      const { data, error, headers } = await (await client).emails.send(request, {
        idempotencyKey,
        ...(signal ? { signal } : {}),
      });
      // The SDK turns an abort into an ordinary error without status.
      signal?.throwIfAborted();
      // The SDK passes on whatever JSON came, so a proxy's answer may lack every field.
      if (error || typeof data?.id !== "string") throw toNodeError(error ?? {}, headers);
      return { id: data.id };
    },
    async sendBatch(messages, { idempotencyKey, signal }) {
      signal?.throwIfAborted();
      const requests = messages.map(toRequest);
      client ??= connect(options);
      const { data, error, headers } = await (await client).batch.send(requests, {
        idempotencyKey,
        // One bad address must not hold up the other 99.
        batchValidation: "permissive",
        ...(signal ? { signal } : {}),
      });
      signal?.throwIfAborted();
      const sent = readBatch(data, messages.length);
      if (error || sent === null) throw toNodeError(error ?? {}, headers);
      return sent;
    },
  };
}

const RESEND = "https://api.resend.com";

async function connect({ apiKey, baseUrl = RESEND }: ResendOptions): Promise<Resend> {
  const { Resend } = await import("resend");
  /** The SDK says the same of everything that fails on the way; whether a connection came about is worth knowing. */
  class WatchedResend extends Resend {
    override async fetchRequest<T>(
      path: string,
      options: RequestInit = {},
    ): ReturnType<typeof Resend.prototype.fetchRequest<T>> {
      const { status, headers, body, error } = await ask(`${baseUrl}${path}`, options);
      if (error === null) return { data: body as NonNullable<T>, error: null, headers };
      return { data: null, error: { ...error, statusCode: status } as ErrorResponse, headers };
    }
  }
  return new WatchedResend(apiKey, { baseUrl });
}

interface Answer {
  status: number | null;
  headers: Record<string, string> | null;
  body: unknown;
  error: { name: string; message: string } | null;
}

async function ask(url: string, options: RequestInit): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, options);
  } catch (cause) {
    const name = neverConnected(cause) ? NOT_CONNECTED : "application_error";
    return { status: null, headers: null, body: null, error: { name, message: "No answer came" } };
  }
  const headers = Object.fromEntries(response.headers);
  let body: unknown;
  try {
    body = JSON.parse(await response.text());
  } catch {
    return {
      status: response.ok ? null : response.status,
      headers,
      body: null,
      error: { name: "application_error", message: "The answer cannot be read" },
    };
  }
  if (response.ok) return { status: response.status, headers, body, error: null };
  const { name = "application_error", message = "No reason given" } = Object(body) as Record<string, unknown>;
  return { status: response.status, headers, body: null, error: { name: String(name), message: String(message) } };
}

/** Whether an error of fetch is one of connecting: then nothing of the request has gone out. */
function neverConnected(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.message.includes("client error (Connect)")) return true;
  }
  return false;
}

/** What became of each message; null = the answer says something else. Ids come for those that were taken only. */
function readBatch(answer: unknown, count: number): BatchedEmail[] | null {
  const { data, errors = [] } = Object(answer) as { data?: unknown; errors?: unknown };
  if (!Array.isArray(data) || !Array.isArray(errors) || data.length + errors.length !== count) return null;
  const refused = new Map<number, string>(errors.map(({ index, message }) => [Number(index), String(message)]));
  const ids = data.map((entry) => (Object(entry) as { id?: unknown }).id);
  if (refused.size !== errors.length || ids.some((id) => typeof id !== "string")) return null;
  let next = 0;
  return Array.from({ length: count }, (_, index) => {
    const message = refused.get(index);
    if (message === undefined) return { id: ids[next++] as string };
    return { error: toNodeError({ name: "validation_error", message, statusCode: 422 }, null) };
  });
}

/**
 * 429 and 5xx may pass; everything else needs a person. Without a status no answer came, or none of Resend's: trying
 * again is harmless because the key stays the same.
 */
function toNodeError(error: Partial<ErrorResponse>, headers: Record<string, string> | null): NodeError {
  const name: string = error.name ?? "application_error";
  const { message = "The answer cannot be read" } = error;
  const status = error.statusCode ?? null;
  const retryable = PASSING.has(name) ||
    ((status === null || status === 429 || status >= 500) && !EXHAUSTED.has(name));
  return emailError(`Resend: ${message}`, { provider: "resend", ...meaning(status, name), status, name }, {
    retryable,
    retryAfterSeconds: retryable ? parseRetryAfter(headers?.["retry-after"], new Date()) : null,
  });
}

/** What an answer says of the message. An answer below 500 is Resend's word that it has not taken it; conflicts apart. */
function meaning(status: number | null, name: string): Pick<EmailFailure, "accepted" | "fault"> {
  if (name === NOT_CONNECTED) return { accepted: "no", fault: "provider" };
  if (status === null || status >= 500 || status === 408) return { accepted: "unknown", fault: "provider" };
  // The key was used: what was sent under it then has been taken, or is being taken.
  if (status === 409) return { accepted: "unknown", fault: PASSING.has(name) ? "pace" : "message" };
  if (status === 429) return { accepted: "no", fault: EXHAUSTED.has(name) ? "provider" : "pace" };
  return { accepted: "no", fault: status === 401 || status === 403 ? "provider" : "message" };
}

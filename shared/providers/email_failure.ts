/**
 * What a failure of an e-mail service means for the message: whether the service may have taken it, and whose fault it is.
 * A message goes to another service only when the first one surely has not taken it.
 *
 * @module
 */
import { NodeError } from "./node_error.ts";
import type { EmailMessage } from "./types.ts";

/** What is known of a failed attempt. */
export interface EmailFailure {
  /** `resend` or `smtp`. */
  provider: string;
  /** `no` = it was surely not taken; `unknown` = nobody can say. */
  accepted: "no" | "unknown";
  /** `message` = this message is refused; `pace` = too fast; `provider` = the service is not to be had. */
  fault: "message" | "pace" | "provider";
  /** Status of HTTP or SMTP; null = there was no answer. */
  status: number | null;
  /** The service's word for it. */
  name: string;
}

/** The facts of a failed attempt; what is no failure of an e-mail service may have been taken. */
export function readEmailFailure(error: unknown): EmailFailure {
  const unknown: EmailFailure = {
    provider: "none",
    accepted: "unknown",
    fault: "provider",
    status: null,
    name: "unknown",
  };
  if (!(error instanceof NodeError)) return unknown;
  // The breaker, or the lack of a service: nothing was sent.
  if (error.code === "provider_unavailable") return { ...unknown, accepted: "no", name: error.code };
  const details = error.details;
  return typeof details === "object" && details !== null && "accepted" in details
    ? details as unknown as EmailFailure
    : unknown;
}

/** The error of an attempt. */
export function emailError(message: string, failure: EmailFailure, options: {
  retryable: boolean;
  retryAfterSeconds?: number | null;
  cause?: unknown;
}): NodeError {
  return new NodeError(message.slice(0, 600), {
    code: "provider_error",
    retryable: options.retryable,
    details: { ...failure },
    ...(options.retryAfterSeconds ? { retryAfterSeconds: options.retryAfterSeconds } : {}),
    ...(options.cause === undefined ? {} : { cause: options.cause }),
  });
}

/**
 * Refuses a message that would write headers of its own: a line break in a subject, an address or a header begins another.
 *
 * @throws {NodeError} `node_config_invalid`.
 */
export function checkEmail({ from, to, cc, bcc, replyTo, subject, headers }: EmailMessage): void {
  const lines = [from ?? "", ...to, ...(cc ?? []), ...(bcc ?? []), ...(replyTo ?? []), subject];
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!/^[A-Za-z0-9-]{1,100}$/.test(name)) throw refused("A header has a name that is none");
    lines.push(value);
  }
  if (lines.some((line) => /\p{Cc}/u.test(line))) throw refused("Subject, addresses and headers are one line each");
}

function refused(message: string): NodeError {
  return new NodeError(message, {
    code: "node_config_invalid",
    details: { provider: "none", accepted: "no", fault: "message", status: null, name: "header_injection" },
  });
}

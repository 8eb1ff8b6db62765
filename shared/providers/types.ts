/**
 * What nodes see of the outside world: one small interface a service, so that a test or a dry run can put a stand-in
 * behind it.
 *
 * @module
 */
import type { NodeError } from "./node_error.ts";

/** One request to a host that the flow's owner chose. */
export interface HttpRequest {
  /** Method in upper case. */
  method: string;
  /** Absolute `http:` or `https:` URL. */
  url: string;
  /** Header fields; later ones of the same name replace earlier ones. */
  headers?: Record<string, string>;
  /** Bytes to send. */
  body?: Uint8Array;
  /** One deadline over name lookup, connect, headers and body, in seconds. */
  timeoutSeconds: number;
  /** Bytes of the (decoded) response body to accept before giving up. */
  maxResponseBytes: number;
  /** True = a longer body is cut there, left encoded as it came, and the rest never read; otherwise it is an error. */
  cutBody?: boolean;
  /** Redirects to follow; each hop passes the same guard. 0 makes a redirect an error. */
  maxRedirects: number;
  /** Ends the request early. */
  signal?: AbortSignal;
}

/** The answer, completely read. */
export interface HttpResponse {
  /** Status code of the last hop. */
  status: number;
  /** Reason phrase, may be empty. */
  statusText: string;
  /** Header fields in lower case, repeated fields joined by a comma and a space. */
  headers: Record<string, string>;
  /** The body, decoded from gzip or deflate where it was. */
  body: Uint8Array;
  /** True = there was more of the body (only with `cutBody`). */
  isCut?: boolean;
  /** URL of the last hop. */
  url: string;
  /** Number of redirects that were followed. */
  redirects: number;
}

/** HTTP to hosts that tenants name: guarded against requests to addresses inside (SSRF). */
export interface HttpProvider {
  /**
   * Sends one request and reads the answer.
   *
   * @throws {NodeError} `blocked_address` when the guard refuses (nothing was sent), `step_timeout`, `http_error` for
   * transport failures, `output_too_large` when the body is over the limit. A status of 4xx or 5xx is an answer, not
   * an error.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
}

/** One email. At least one of `html` and `text` is present. */
export interface EmailMessage {
  /** `Name <address>` or address; the configured default when absent. */
  from?: string;
  /** Receivers. */
  to: string[];
  /** Copies. */
  cc?: string[];
  /** Blind copies. */
  bcc?: string[];
  /** Where answers go. */
  replyTo?: string[];
  /** Subject line, no line breaks. */
  subject: string;
  /** HTML body. */
  html?: string;
  /** Plain text body. */
  text?: string;
  /** Further headers of the message, such as `List-Unsubscribe`: names and values of one line. */
  headers?: Readonly<Record<string, string>>;
  /** What the service's webhooks give back with every event: letters, digits, `_` and `-`. Not part of the message. */
  tags?: Readonly<Record<string, string>>;
}

/** How to send an email. */
export interface EmailSendOptions {
  /** Stable across attempts; the provider sends once for one key. */
  idempotencyKey: string;
  /** Ends the request early. */
  signal?: AbortSignal;
  /** False = an earlier attempt may have reached the service: then no other one is asked. Default true. */
  mayFailOver?: boolean;
}

/** What became of one message of a batch. */
export type BatchedEmail = { readonly id: string } | { readonly error: NodeError };

/** Sends email. */
export interface EmailProvider {
  /** Name of the service, as in outputs and logs. */
  readonly name: string;
  /**
   * Hands one message over for delivery.
   *
   * @returns The service's id of the message.
   * @throws {NodeError} `provider_error`, retryable for 429 and 5xx; `node_config_invalid` when no service is set up.
   */
  send(message: EmailMessage, options: EmailSendOptions): Promise<{ id: string; provider?: string }>;
  /**
   * Hands over up to 100 messages at once, where the service can.
   *
   * @returns What became of each, in their order.
   * @throws {NodeError} As `send`, when it is the same for all.
   */
  sendBatch?(messages: readonly EmailMessage[], options: EmailSendOptions): Promise<BatchedEmail[]>;
  /** The service that is asked when this one surely has not taken a message and is not to be had. */
  readonly fallback?: EmailProvider;
  /** The service itself, without its fallback. */
  readonly first?: EmailProvider;
}

/** Every outside service a node may use. */
export interface Providers {
  http: HttpProvider;
  email: EmailProvider;
}

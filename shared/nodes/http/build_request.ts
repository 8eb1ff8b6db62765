import { type HttpRequest, NodeError } from "../../providers/mod.ts";
import { toBase64 } from "../../bytes/mod.ts";
import { CALLBACK_HEADER } from "./await_callback.ts";
import type { HttpConfig } from "./schemas.ts";

/** Bytes of a request body. */
const MAX_BODY_BYTES = 1_048_576;
/** Bytes of a response body. */
const MAX_RESPONSE_BYTES = 1_048_576;
/** Methods that change nothing by definition: RFC 9110, section 9.2.1. */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** What a request needs besides its config. */
export interface BuildRequestOptions {
  /** Key of the step, the same in every attempt. */
  idempotencyKey: string;
  /** Ends the request early. */
  signal: AbortSignal;
  /** Where the service reports when it has done the work; null = nobody waits for that. */
  callbackUrl: string | null;
}

/**
 * Makes the request of a config.
 *
 * @param config Resolved and checked.
 * @param options What the step adds.
 * @throws {NodeError} `node_config_invalid` when the URL is none or the body is too large.
 */
export function buildRequest(
  config: HttpConfig,
  { idempotencyKey, signal, callbackUrl }: BuildRequestOptions,
): HttpRequest {
  const body = buildBody(config.body);
  const headers = new Headers({ "user-agent": "Millrace" });
  const contentType = contentTypeOf(config.body);
  if (contentType !== null) headers.set("content-type", contentType);
  if (config.idempotencyHeader !== "" && !SAFE.has(config.method)) {
    headers.set(config.idempotencyHeader, idempotencyKey);
  }
  // What the owner wrote comes last: an idempotency key of their own replaces ours.
  for (const [name, value] of Object.entries(config.headers)) headers.set(name, String(value));
  const credential = buildCredential(config.auth);
  if (credential !== null) headers.set(...credential);
  if (callbackUrl !== null) headers.set(CALLBACK_HEADER, callbackUrl);
  return {
    method: config.method,
    url: withQuery(config.url, config.query),
    headers: Object.fromEntries(headers),
    timeoutSeconds: config.timeoutSeconds,
    maxResponseBytes: MAX_RESPONSE_BYTES,
    maxRedirects: config.maxRedirects,
    signal,
    ...(body === null ? {} : { body }),
  };
}

/** Appends to the query as text, so that the guard sees the rest of the URL as it was written. */
function withQuery(url: string, query: HttpConfig["query"]): string {
  const more = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) if (item !== null) more.append(name, String(item));
  }
  const added = more.toString();
  if (added === "") return url;
  const [address = "", ...fragment] = url.split("#");
  const joint = !address.includes("?") ? "?" : address.endsWith("?") || address.endsWith("&") ? "" : "&";
  return `${address}${joint}${added}${fragment.length > 0 ? `#${fragment.join("#")}` : ""}`;
}

function buildCredential(auth: HttpConfig["auth"]): [name: string, value: string] | null {
  switch (auth.type) {
    case "none":
      return null;
    case "bearer":
      return ["authorization", `Bearer ${auth.token}`];
    case "basic":
      return ["authorization", `Basic ${toBase64(new TextEncoder().encode(`${auth.username}:${auth.password}`))}`];
    case "header":
      return [auth.name, auth.value];
  }
}

function contentTypeOf(body: HttpConfig["body"]): string | null {
  switch (body.type) {
    case "none":
      return null;
    case "json":
      return "application/json";
    case "form":
      return "application/x-www-form-urlencoded";
    case "text":
      return body.contentType;
  }
}

function buildBody(body: HttpConfig["body"]): Uint8Array | null {
  const text = bodyText(body);
  if (text === null) return null;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > MAX_BODY_BYTES) {
    throw new NodeError(`The request body is larger than ${MAX_BODY_BYTES} bytes`, { code: "node_config_invalid" });
  }
  return bytes;
}

function bodyText(body: HttpConfig["body"]): string | null {
  switch (body.type) {
    case "none":
      return null;
    case "json":
      return JSON.stringify(body.value);
    case "text":
      return String(body.value);
    case "form": {
      const fields = Object.entries(body.fields).filter(([, value]) => value !== null);
      return new URLSearchParams(fields.map(([name, value]) => [name, String(value)])).toString();
    }
  }
}

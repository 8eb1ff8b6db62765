import type { Json } from "../../graph/mod.ts";
import { type HttpResponse, NodeError, parseRetryAfter } from "../../providers/mod.ts";
import { toBase64 } from "../../bytes/mod.ts";
import type { HttpConfig } from "./schemas.ts";

/** Characters of a failed response that its error keeps. */
const EXCERPT = 2_000;
/** Statuses beside 5xx that another attempt may change. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);
/** 5xx that it will not. */
const FINAL: ReadonlySet<number> = new Set([501, 505, 511]);

/**
 * Makes the output of a response, or its failure.
 *
 * @param config What counts as failure and how the body is read.
 * @param response The answer, completely read.
 * @param now For a `Retry-After` that is a date.
 * @throws {NodeError} `http_error` for a status in `failOn`, or when the body is not what was asked for.
 */
export function readResponse(config: HttpConfig, response: HttpResponse, now: Date): { [key: string]: Json } {
  const { status, headers, redirects } = response;
  if (config.failOn.some((pattern) => fits(status, pattern))) throw failure(response, now);
  return { status, headers, body: readBody(config.response, response), url: withoutQuery(response.url), redirects };
}

function fits(status: number, pattern: string): boolean {
  return pattern.endsWith("xx") ? pattern.startsWith(String(Math.floor(status / 100))) : pattern === String(status);
}

function failure(response: HttpResponse, now: Date): NodeError {
  const { status, statusText } = response;
  const retryable = PASSING.has(status) || (status >= 500 && !FINAL.has(status));
  const retryAfterSeconds = retryable ? parseRetryAfter(response.headers["retry-after"], now) : null;
  return new NodeError(`The server answered ${status} ${statusText}`.trim(), {
    code: "http_error",
    retryable,
    details: { status, body: decode(response, false).slice(0, EXCERPT) },
    ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
  });
}

function readBody(how: HttpConfig["response"], response: HttpResponse): Json {
  if (response.body.length === 0) return how === "text" || how === "base64" ? "" : null;
  const type = (response.headers["content-type"] ?? "").toLowerCase();
  const isJson = /^application\/(json|[\w.+-]+\+json)\b/.test(type);
  if (how === "base64") return toBase64(response.body);
  if (how === "json" || (how === "auto" && isJson)) return parseJson(decode(response, true));
  if (how === "text") return decode(response, false);
  return /^(text\/|application\/(xml|javascript|x-www-form-urlencoded|[\w.+-]+\+xml)\b)/.test(type) || type === ""
    ? decode(response, false)
    : toBase64(response.body);
}

/** Decodes by the charset that the answer names, UTF-8 otherwise. */
function decode(response: HttpResponse, strict: boolean): string {
  const charset = /charset="?([\w-]{1,40})/i.exec(response.headers["content-type"] ?? "")?.[1] ?? "utf-8";
  try {
    // Postgres stores no NUL in text or jsonb.
    return new TextDecoder(charset, { fatal: strict }).decode(response.body).replaceAll("\0", "\ufffd");
  } catch {
    if (strict) throw new NodeError("The response is not valid text in its charset", { code: "http_error" });
    return new TextDecoder().decode(response.body).replaceAll("\0", "\ufffd");
  }
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new NodeError("The response is not valid JSON", {
      code: "http_error",
      details: { body: text.slice(0, EXCERPT) },
    });
  }
}

/** Queries carry keys; what the step stores does not need them. */
function withoutQuery(url: string): string {
  const parsed = new URL(url);
  return `${parsed.origin}${parsed.pathname}`;
}

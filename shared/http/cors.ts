/** What browsers may send: supabase-js's own headers and ours. */
const ALLOWED_HEADERS = [
  "authorization",
  "apikey",
  "x-api-key",
  "content-type",
  "content-encoding",
  "x-client-info",
  "x-region",
  "x-supabase-api-version",
  "x-organization-id",
  "x-request-id",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "last-event-id",
  "millrace-version",
  "prefer",
  "traceparent",
  "tracestate",
  "baggage",
].join(", ");

/** What scripts may read besides the safelisted headers. */
const EXPOSED_HEADERS = [
  "X-Request-Id",
  "Cache-Status",
  "ETag",
  "Location",
  "Link",
  "RateLimit",
  "RateLimit-Policy",
  "X-RateLimit-Warning",
  "Retry-After",
  "Deprecation",
  "Millrace-Version",
  "Sunset",
  "WWW-Authenticate",
].join(", ");

const ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** A day: browsers cap it themselves. */
const MAX_AGE_SECONDS = "86400";

/** Whether a request is a CORS preflight and not an OPTIONS of its own right. */
export function isPreflight(request: Request): boolean {
  return request.method === "OPTIONS" && request.headers.has("origin") &&
    request.headers.has("access-control-request-method");
}

/**
 * The CORS headers of an answer. Credentials (cookies) are never allowed; a site that is not on the list gets no
 * header, and its browser refuses to show the answer.
 *
 * @param origin The request's Origin.
 * @param allowed The configured origins; `*` allows any.
 */
export function corsHeaders(origin: string | null, allowed: readonly string[]): Record<string, string> {
  if (allowed.includes("*")) {
    return { "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED_HEADERS };
  }
  if (origin === null || !allowed.includes(origin)) return { Vary: "Origin" };
  return {
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Expose-Headers": EXPOSED_HEADERS,
    Vary: "Origin",
  };
}

/** The answer to a preflight. */
export function preflightResponse(origin: string | null, allowed: readonly string[]): Response {
  const headers = new Headers(corsHeaders(origin, allowed));
  headers.delete("Access-Control-Expose-Headers");
  if (headers.has("Access-Control-Allow-Origin")) {
    headers.set("Access-Control-Allow-Methods", ALLOWED_METHODS);
    headers.set("Access-Control-Allow-Headers", ALLOWED_HEADERS);
    headers.set("Access-Control-Max-Age", MAX_AGE_SECONDS);
  }
  return new Response(null, { status: 204, headers });
}

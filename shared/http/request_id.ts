/** A request id as we accept it from outside: long enough to be unique, nothing that could break a log or a header. */
const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{7,127}$/;

/** Version 00 of https://www.w3.org/TR/trace-context/: neither id may be all zeros. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The id of a request: the caller's `X-Request-Id` when it is sane, else a new one. */
export function readRequestId(headers: Headers): string {
  const given = headers.get("x-request-id");
  return given !== null && REQUEST_ID.test(given) ? given : crypto.randomUUID();
}

/** The caller's trace context, when it is valid; anything else is ignored, as the specification asks. */
export function readTraceparent(headers: Headers): string | null {
  const given = headers.get("traceparent");
  return given !== null && TRACEPARENT.test(given) ? given : null;
}

import { AppError, type AppErrorOptions, type Problem } from "./app_error.ts";

/** Seconds after which a caller should try again when the database cannot be reached. */
export const RETRY_AFTER_SECONDS = 5;

/** 400: parameters, headers or the body have the given problems. */
export function invalidRequest(problems: readonly Problem[], options: AppErrorOptions = {}): AppError {
  return new AppError("invalid_request", { detail: summarize(problems), ...options, problems });
}

/** 400: the body cannot be read as the JSON we accept; `path` is the place inside the body. */
export function invalidJson(code: string, message: string, path = "body", cause?: unknown): AppError {
  return new AppError("invalid_json", { detail: message, problems: [{ path, code, message }], cause });
}

/** 400: the cursor was edited, or belongs to another organization, filter or order. */
export function invalidCursor(cause?: unknown): AppError {
  return new AppError("invalid_cursor", {
    detail: "Start again without the cursor: it belongs to another list or was changed",
    problems: [{ path: "query.cursor", code: "invalid_cursor", message: "The cursor is not valid for this list" }],
    cause,
  });
}

/** 401: no credential, or one that does not hold. `detail` never says which check failed more than is safe. */
export function unauthorized(detail = "Sign in and send the access token", cause?: unknown): AppError {
  return new AppError("unauthorized", { detail, headers: { "WWW-Authenticate": 'Bearer realm="millrace"' }, cause });
}

/** 401: the signature of a webhook is missing, stale or wrong. */
export function invalidSignature(detail: string, cause?: unknown): AppError {
  return new AppError("invalid_signature", { detail, cause });
}

/** 403: the caller is known and lacks the right. */
export function forbidden(detail: string, cause?: unknown): AppError {
  return new AppError("forbidden", { detail, cause });
}

/** 404: `thing` is a noun ("flow"). A thing of another tenant gets exactly this answer too. */
export function notFound(thing = "thing", cause?: unknown): AppError {
  return new AppError("not_found", { detail: `No such ${thing}`, cause });
}

/** 405: `allowed` are the methods that exist at this path. */
export function methodNotAllowed(method: string, allowed: readonly string[]): AppError {
  const list = allowed.join(", ");
  return new AppError("method_not_allowed", {
    detail: `Use ${list}; ${method} does not exist here`,
    headers: { Allow: list },
  });
}

/** 409: the request conflicts with what is there. */
export function conflict(detail: string, cause?: unknown): AppError {
  return new AppError("conflict", { detail, cause });
}

/** 412: the row has another version than the caller's If-Match. */
export function versionMismatch(detail = "Read it again: it has changed meanwhile"): AppError {
  return new AppError("version_mismatch", { detail });
}

/** 413: the body is larger than `limitBytes`. */
export function payloadTooLarge(limitBytes: number): AppError {
  return new AppError("payload_too_large", { detail: `The body must not be larger than ${limitBytes} bytes` });
}

/** 415: the content type or encoding is not one we read. */
export function unsupportedMediaType(detail: string): AppError {
  return new AppError("unsupported_media_type", { detail });
}

/** 422: the flow has the given problems. */
export function flowInvalid(problems: readonly Problem[]): AppError {
  return new AppError("flow_invalid", { detail: summarize(problems), problems });
}

/** 422: the configuration of a node has the given problems. */
export function nodeConfigInvalid(problems: readonly Problem[]): AppError {
  return new AppError("node_config_invalid", { detail: summarize(problems), problems });
}

/** 422: the address is private, local or otherwise not to be called. */
export function blockedAddress(detail: string): AppError {
  return new AppError("blocked_address", { detail });
}

/** 429: come back after `retryAfterSeconds`. */
export function rateLimited(retryAfterSeconds: number): AppError {
  const seconds = Math.max(1, Math.ceil(retryAfterSeconds));
  return new AppError("rate_limited", {
    detail: `Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}`,
    headers: { "Retry-After": String(seconds) },
  });
}

/**
 * 500: our own fault. `message` and `cause` are for the log; the caller reads a fixed sentence.
 */
export function internal(message: string, cause?: unknown): AppError {
  return new AppError("internal", { message, cause });
}

/** 503: something we need cannot be reached; the caller is told when to try again. */
export function serviceUnavailable(message: string, cause?: unknown): AppError {
  return new AppError("service_unavailable", {
    detail: `Try again in ${RETRY_AFTER_SECONDS} seconds`,
    message,
    headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
    cause,
  });
}

/** 504: the operation ran into a time limit. */
export function timedOut(message: string, cause?: unknown): AppError {
  return new AppError("timeout", { detail: "The operation took too long and was given up", message, cause });
}

/** The first problem in a sentence, and how many more there are. */
function summarize(problems: readonly Problem[]): string | undefined {
  const errors = problems.filter((problem) => problem.severity !== "warning");
  const first = errors[0] ?? problems[0];
  if (first === undefined) return undefined;
  const place = first.path === "" ? "" : `${first.path}: `;
  const rest = errors.length - 1;
  return `${place}${first.message}${rest > 0 ? ` (and ${rest} more ${rest === 1 ? "problem" : "problems"})` : ""}`;
}

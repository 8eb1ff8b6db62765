import { AppError, type AppErrorOptions, type Problem } from "./app_error.ts";
import { type ErrorCode, isErrorCode } from "./codes.ts";
import { fromSqlstate } from "./_sqlstate.ts";
import { internal, notFound, RETRY_AFTER_SECONDS, serviceUnavailable, timedOut, unauthorized } from "./factories.ts";

/** An error as PostgREST answers it and supabase-js hands it on. */
export interface PostgrestErrorLike {
  readonly message: string;
  readonly code?: string | null;
  readonly details?: string | null;
  readonly hint?: string | null;
}

/**
 * Maps an error of the Data API to ours. Never throws.
 *
 * @param error What postgrest-js returned in `error`.
 * @param status The HTTP status of the answer; 0 when there was none.
 * @returns An {@link AppError} with the original as its cause.
 */
export function fromPostgrest(error: PostgrestErrorLike, status: number): AppError {
  const code = error.code ?? "";
  // Our own SQL, through private.fail.
  if (isErrorCode(code)) return fromFailure(code, error.message, error.details, error);
  // Nobody answered: the code, if any, is the operating system's (ECONNREFUSED, EPIPE).
  if (status === 0) return serviceUnavailable(`The Data API cannot be reached: ${error.message}`, error);
  // The Data API cannot reach or use the database (PGRST000–003).
  if (/^PGRST00[0-9]$/.test(code)) return serviceUnavailable(`Data API ${code}: ${error.message}`, error);
  if (/^PGRST30[0-9]$/.test(code)) return unauthorized("The access token is not accepted", error);
  if (code === "PGRST116") return notFound("thing", error);
  if (/^[0-9A-Z]{5}$/.test(code)) return fromSqlstate(code, error.message, error);
  if (status === 504) return timedOut("The Data API took too long", error);
  if (status === 502 || status === 503) return serviceUnavailable(`Data API ${status}: ${error.message}`, error);
  if (status === 401) return unauthorized("The access token is not accepted", error);
  return internal(`Data API ${status} ${code}: ${error.message}`, error);
}

/**
 * An error that our SQL raised with `private.fail`.
 *
 * @param details JSON text: a list of problems, or an object with `problems`; anything else is kept for the log only.
 */
export function fromFailure(
  code: ErrorCode,
  message: string,
  details: string | null | undefined,
  cause: unknown,
): AppError {
  const parsed = parseDetails(details);
  const options: AppErrorOptions = { detail: message, problems: parsed.problems, cause };
  if (code === "internal") return internal(message, cause);
  if (code === "service_unavailable" || code === "rate_limited") {
    const seconds = parsed.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
    return new AppError(code, { ...options, headers: { "Retry-After": String(seconds) } });
  }
  if (code === "unauthorized") return unauthorized(message, cause);
  return new AppError(code, options);
}

interface ParsedDetails {
  readonly problems?: Problem[];
  readonly retryAfterSeconds?: number;
}

function parseDetails(details: string | null | undefined): ParsedDetails {
  if (details === null || details === undefined || !/^\s*[[{]/.test(details)) return {};
  let value: unknown;
  try {
    value = JSON.parse(details);
  } catch {
    return {};
  }
  const record: Record<string, unknown> = Array.isArray(value) ? { problems: value } : value as Record<string, unknown>;
  const problems = Array.isArray(record.problems) ? record.problems.filter(isProblem) : [];
  const seconds = record.retry_after_seconds;
  return {
    ...(problems.length > 0 ? { problems } : {}),
    ...(typeof seconds === "number" && seconds >= 0 ? { retryAfterSeconds: Math.ceil(seconds) } : {}),
  };
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  const problem = value as Record<string, unknown>;
  return typeof problem.path === "string" && typeof problem.code === "string" && typeof problem.message === "string";
}

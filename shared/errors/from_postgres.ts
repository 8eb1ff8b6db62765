import { AppError } from "./app_error.ts";
import { isErrorCode } from "./codes.ts";
import { fromSqlstate } from "./_sqlstate.ts";
import { internal, serviceUnavailable } from "./factories.ts";
import { fromFailure } from "./from_postgrest.ts";

/** Codes of postgres.js and of the operating system that mean "no connection". */
const CONNECTION_CODES = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EPIPE",
  "EHOSTUNREACH",
]);

/**
 * Maps what postgres.js (https://github.com/porsager/postgres#error-handling) throws to our error. Never throws.
 * An {@link AppError} comes back unchanged.
 */
export function fromPostgres(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return internal("The database driver threw a value that is no error", error);
  const code = (error as { code?: unknown }).code;
  if (typeof code !== "string") return internal(error.message, error);
  if (CONNECTION_CODES.has(code)) return serviceUnavailable(`No database connection: ${code}`, error);
  if (code === "PGRST") return fromRaised(error);
  if (/^[0-9A-Z]{5}$/.test(code)) return fromSqlstate(code, error.message, error);
  return internal(`${code}: ${error.message}`, error);
}

/** `private.fail` over a plain connection: the message is the JSON that PostgREST would have unpacked. */
function fromRaised(error: Error): AppError {
  try {
    const body = JSON.parse(error.message) as Record<string, unknown>;
    if (isErrorCode(body.code) && typeof body.message === "string") {
      return fromFailure(body.code, body.message, typeof body.details === "string" ? body.details : null, error);
    }
  } catch {
    // Falls to the line below: not what private.fail raises.
  }
  return internal(`SQL raised an unknown failure: ${error.message}`, error);
}

import { AppError } from "./app_error.ts";
import { conflict, forbidden, internal, notFound, serviceUnavailable, timedOut } from "./factories.ts";

/** Values that Postgres could not take although our validation let them through: the caller's fault all the same. */
const INVALID_VALUE = new Set([
  "22P02",
  "22P05",
  "22001",
  "22003",
  "22007",
  "22008",
  "22021",
  "22023",
  "23502",
  "23514",
]);

/** Not now, but soon: shutting down, too many connections, a failover, a lock or a serialization that lost. */
const UNAVAILABLE = new Set(["57P01", "57P02", "57P03", "53300", "53400", "25006", "40001", "40P01", "55P03"]);

/**
 * Maps a SQLSTATE (https://www.postgresql.org/docs/17/errcodes-appendix.html) to our error.
 *
 * @param sqlstate Five characters.
 * @param message Postgres' own message: for the log only, it can hold values.
 * @param cause The original error.
 */
export function fromSqlstate(sqlstate: string, message: string, cause: unknown): AppError {
  if (sqlstate === "23505") return conflict("There is already one like this", cause);
  if (sqlstate === "23503") return conflict("Something it refers to does not exist, or something refers to it", cause);
  if (sqlstate === "42501") return forbidden("You may not do this", cause);
  if (sqlstate === "P0002") return notFound("thing", cause);
  if (sqlstate === "57014") return timedOut(`Statement cancelled: ${message}`, cause);
  if (INVALID_VALUE.has(sqlstate)) {
    return new AppError("invalid_request", { detail: "A value is not acceptable", message, cause });
  }
  // Class 08 is every connection exception.
  if (UNAVAILABLE.has(sqlstate) || sqlstate.startsWith("08")) return serviceUnavailable(message, cause);
  return internal(`SQLSTATE ${sqlstate}: ${message}`, cause);
}

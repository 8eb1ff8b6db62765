/**
 * Errors: the closed list of codes, the one error type, and the mappers from what libraries and SQL report.
 * Which function throws and which returns is written in docs/errors.md.
 *
 * @module
 */
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorCodeFacts,
  isErrorCode,
  STEP_ERROR_CODES,
  type StepErrorCode,
} from "./codes.ts";
export { ERROR_ADVICE, type ErrorAdvice, STEP_ERROR_ADVICE } from "./advice.ts";
export { AppError, type AppErrorOptions, isAppError, type Problem } from "./app_error.ts";
export {
  blockedAddress,
  conflict,
  flowInvalid,
  forbidden,
  internal,
  invalidCursor,
  invalidJson,
  invalidRequest,
  invalidSignature,
  methodNotAllowed,
  nodeConfigInvalid,
  notFound,
  payloadTooLarge,
  rateLimited,
  RETRY_AFTER_SECONDS,
  serviceUnavailable,
  timedOut,
  unauthorized,
  unsupportedMediaType,
  versionMismatch,
} from "./factories.ts";
export {
  INTERNAL_DETAIL,
  PROBLEM_CONTENT_TYPE,
  type ProblemDetails,
  problemDetails,
  problemResponse,
  toAppError,
} from "./problem_details.ts";
export { fromPostgrest, type PostgrestErrorLike } from "./from_postgrest.ts";
export { fromPostgres } from "./from_postgres.ts";
export { formatPath, fromZod } from "./from_zod.ts";

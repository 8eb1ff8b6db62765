import { AppError, type Problem } from "./app_error.ts";
import { ERROR_CODES, type ErrorCode } from "./codes.ts";
import { internal } from "./factories.ts";

/** The media type of RFC 9457. */
export const PROBLEM_CONTENT_TYPE = "application/problem+json";

/** The sentence for every error that is our own fault: it says nothing about the inside. */
export const INTERNAL_DETAIL = "Something went wrong on our side. Send us the request_id if it happens again";

/** The body of an error answer, https://www.rfc-editor.org/rfc/rfc9457. */
export interface ProblemDetails {
  /** `urn:millrace:error:<code>`. */
  type: string;
  /** The same for every occurrence of the code. */
  title: string;
  /** The HTTP status. */
  status: number;
  /** A code of the closed list. */
  code: ErrorCode;
  /** What happened this time, for people. */
  detail: string;
  /** The id to look for in the log. */
  request_id: string;
  /** Everything that is wrong. */
  problems?: readonly Problem[];
}

/** Any thrown value as an {@link AppError}: itself, or `internal` with the value as its cause. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return internal(error instanceof Error ? error.message : "A value that is no error was thrown", error);
}

/** The body of the answer for an error. */
export function problemDetails(error: AppError, requestId: string): ProblemDetails {
  const { title } = ERROR_CODES[error.code];
  return {
    type: `urn:millrace:error:${error.code}`,
    title,
    status: error.status,
    code: error.code,
    // Whatever was put into an internal error stays inside.
    detail: error.code === "internal" ? INTERNAL_DETAIL : error.detail ?? title,
    request_id: requestId,
    ...(error.problems === undefined || error.code === "internal" ? {} : { problems: error.problems }),
  };
}

/** The whole answer for an error: status, headers and problem+json body. */
export function problemResponse(error: AppError, requestId: string): Response {
  return new Response(JSON.stringify(problemDetails(error, requestId)), {
    status: error.status,
    headers: { ...error.headers, "Content-Type": PROBLEM_CONTENT_TYPE },
  });
}

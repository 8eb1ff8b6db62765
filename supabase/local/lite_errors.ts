/**
 * Error replies. @supabase/lite keeps code, details and hint only of some SQL errors and answers the rest with
 * `500 SUP`; PostgREST keeps them of all. An error raised with SQLSTATE `PGRST` is passed on by lite exactly as the
 * raiser wrote it, so every other error is rewritten into that form.
 *
 * Statuses: https://docs.postgrest.org/en/stable/references/errors.html#http-status-codes
 *
 * @module
 */

/** What a driver's error carries; both PGlite and postgres.js use these names. */
interface SqlError {
  code: string;
  message: string;
  detail?: string | null;
  hint?: string | null;
}

/** An error whose content the client receives, so that it need not be written to the terminal as well. */
export class ReportedError extends Error {
  override readonly name = "ReportedError";
  readonly code: string;
  readonly detail: string | null;
  readonly hint: string | null;

  constructor({ code, message, detail, hint }: SqlError) {
    super(message);
    this.code = code;
    this.detail = detail ?? null;
    this.hint = hint ?? null;
  }
}

/** Codes that lite answers as PostgREST does. */
const ANSWERED_WELL = /^(PGRST|PT\d{3}|42501|42P01|42883)$/;
const NO_CONNECTION =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|CONNECTION_CLOSED|CONNECTION_ENDED|CONNECTION_DESTROYED|CONNECT_TIMEOUT|57P0[1-3]|08...)$/;

/** Statuses by SQLSTATE, the longest matching prefix first; everything else is 400. */
const STATUSES: [RegExp, number][] = [
  [/^0[89]/, 500],
  [/^0[LP]/, 403],
  [/^2350[35]/, 409],
  [/^25006/, 405],
  [/^(25|2D|38|39|3B|40|54|55|57|58|F0|HV|XX|53400|42P17)/, 500],
  [/^28/, 403],
  [/^53/, 503],
  [/^P0001/, 400],
  [/^P0/, 500],
];

/**
 * Rewrites a database error for lite.
 *
 * @param error whatever the driver threw
 * @returns the error to give to lite instead; the same one when it is not a database error
 */
export function toReportedError(error: unknown): unknown {
  if (!isSqlError(error)) return error;
  if (NO_CONNECTION.test(error.code)) {
    return raised(503, { code: "PGRST001", message: "Database client error. Retrying the connection." }, {
      "Retry-After": "1",
    });
  }
  if (ANSWERED_WELL.test(error.code)) return new ReportedError(error);
  const status = STATUSES.find(([pattern]) => pattern.test(error.code))?.[1] ?? 400;
  return raised(status, {
    code: error.code,
    message: error.message,
    details: error.detail ?? null,
    hint: error.hint ?? null,
  });
}

/**
 * The answer to an error that lite lets pass: it looks up a token's session outside of its own error handling, so that a
 * database that is away shows there as well.
 */
export function answerUncaught(error: unknown): Response {
  const isAway = isSqlError(error) && NO_CONNECTION.test(error.code);
  if (!isAway) console.error(error);
  const body = isAway
    ? { code: "PGRST001", message: "Database client error. Retrying the connection.", details: null, hint: null }
    : { code: "SUP", message: "Internal Server Error", details: null, hint: null };
  return Response.json(body, { status: isAway ? 503 : 500, ...(isAway && { headers: { "Retry-After": "1" } }) });
}

/** An error as `raise sqlstate 'PGRST'` would have made it. */
function raised(status: number, body: Record<string, unknown>, headers: Record<string, string> = {}): ReportedError {
  return new ReportedError({
    code: "PGRST",
    message: JSON.stringify(body),
    detail: JSON.stringify({ status, headers }),
  });
}

function isSqlError(error: unknown): error is SqlError {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

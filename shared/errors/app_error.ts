import { ERROR_CODES, type ErrorCode } from "./codes.ts";

/** One thing that is wrong with a request or a flow. */
export interface Problem {
  /** Where: `body.name`, `query.limit`, `nodes[3].data.config.url`. Empty when it concerns the whole. */
  readonly path: string;
  /** A stable word for programs: `required`, `unknown_property`, `cycle`. */
  readonly code: string;
  /** A sentence for people. */
  readonly message: string;
  /** The node of a flow it concerns. */
  readonly node_id?: string;
  /** The edge of a flow it concerns. */
  readonly edge_id?: string;
  /** Where in an expression, counted in UTF-16 units from 0. */
  readonly position?: number;
  /** Warnings do not refuse anything. Absent means error. */
  readonly severity?: "error" | "warning";
}

/** What an {@link AppError} can say besides its code. */
export interface AppErrorOptions {
  /** The sentence that the caller reads. Never put an inner error's message here. */
  readonly detail?: string | undefined;
  /** The sentence that operators read in the log; the detail or the title when absent. */
  readonly message?: string | undefined;
  /** Everything that is wrong, all at once. */
  readonly problems?: readonly Problem[] | undefined;
  /** Headers of the answer, for example `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The error that caused this one: logged, never sent. */
  readonly cause?: unknown;
}

/**
 * The one error type that leaves our functions. Text for people (`detail`) and text for operators (`message`, `cause`)
 * are two things: only the first is ever sent.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  /** A code of the closed list. */
  readonly code: ErrorCode;
  /** The HTTP status of the code. */
  readonly status: number;
  /** The sentence for the caller, when there is one. */
  readonly detail: string | undefined;
  /** Everything that is wrong, when there is more to say than the code. */
  readonly problems: readonly Problem[] | undefined;
  /** Headers that the answer must carry. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param code A code of the closed list; it decides the status.
   * @param options Texts, problems, headers and the cause.
   */
  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(
      options.message ?? options.detail ?? ERROR_CODES[code].title,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.code = code;
    this.status = ERROR_CODES[code].status;
    this.detail = options.detail;
    this.problems = options.problems;
    this.headers = options.headers ?? {};
  }
}

/** Whether `error` is an {@link AppError}. */
export function isAppError(error: unknown): error is AppError {
  return error instanceof AppError;
}

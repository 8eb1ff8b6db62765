/**
 * The error of a node or of a provider that a node calls. It lives here, below the nodes, because providers throw it
 * too and the import direction is `nodes → providers`.
 *
 * @module
 */
import type { ErrorCode, StepErrorCode } from "../errors/mod.ts";
import type { Json } from "../graph/mod.ts";

/** What a {@linkcode NodeError} is made of beside its message. */
export interface NodeErrorOptions {
  /** Stable code from the closed list of step errors, such as `http_error` or `blocked_address`. */
  code: NodeErrorCode;
  /** Whether the same attempt may succeed later. The retry policy still has the last word. Default false. */
  retryable?: boolean;
  /** Seconds the other side asked us to wait (`Retry-After`). A lower bound for the next attempt. */
  retryAfterSeconds?: number;
  /** Facts for the person who reads the step, never a secret. */
  details?: Json;
  /** The error underneath, for operators. */
  cause?: unknown;
}

/** Codes that a step may fail with: the closed lists of `shared/errors`. */
export type NodeErrorCode = ErrorCode | StepErrorCode;

/** A step failed. `message` is for the flow's owner; it holds no secret and no internals. */
export class NodeError extends Error {
  override readonly name = "NodeError";
  /** Stable code, see {@linkcode NodeErrorCode}. */
  readonly code: NodeErrorCode;
  /** Whether trying again can help. */
  readonly retryable: boolean;
  /** Seconds to wait at least before the next attempt. */
  readonly retryAfterSeconds?: number;
  /** Facts for the person who reads the step. */
  readonly details?: Json;

  /**
   * @param message What happened, as a sentence without full stop.
   * @param options Code and what the retry needs to know.
   */
  constructor(message: string, options: NodeErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.retryable = options.retryable ?? false;
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
    if (options.details !== undefined) this.details = options.details;
  }
}

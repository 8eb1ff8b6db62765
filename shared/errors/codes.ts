/**
 * The closed list of error codes. A code is part of the API: it never changes its meaning, and none is invented
 * elsewhere. SQL uses the same codes through `private.fail`.
 *
 * @module
 */

/** What a code means over HTTP. */
export interface ErrorCodeFacts {
  /** The HTTP status. */
  readonly status: number;
  /** A short sentence that is the same for every occurrence (RFC 9457 `title`). */
  readonly title: string;
}

/** Code → status and title. The only place where the two are joined. */
export const ERROR_CODES = {
  invalid_request: { status: 400, title: "The request is not valid" },
  invalid_json: { status: 400, title: "The body is not acceptable JSON" },
  invalid_cursor: { status: 400, title: "The cursor is not valid for this list" },
  unauthorized: { status: 401, title: "A valid credential is needed" },
  invalid_signature: { status: 401, title: "The signature does not match" },
  plan_limit_reached: { status: 402, title: "The plan's limit is reached" },
  payment_failed: { status: 402, title: "The payment did not go through" },
  ip_blocked: { status: 403, title: "No requests are taken from this address" },
  forbidden: { status: 403, title: "This is not allowed" },
  ip_not_allowed: { status: 403, title: "The API key may not be used from this address" },
  mfa_required: { status: 403, title: "A second factor is needed for this" },
  not_found: { status: 404, title: "There is no such thing" },
  method_not_allowed: { status: 405, title: "The method is not allowed here" },
  conflict: { status: 409, title: "The request conflicts with the current state" },
  flow_inactive: { status: 409, title: "The flow is not active" },
  run_finished: { status: 409, title: "The run has already finished" },
  run_not_finished: { status: 409, title: "The run has not finished yet" },
  run_limit_reached: { status: 409, title: "As many runs as the flow allows are under way" },
  idempotency_in_flight: { status: 409, title: "A request with this idempotency key is in progress" },
  version_mismatch: { status: 412, title: "The thing has changed since it was read" },
  payload_too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The content type is not supported" },
  flow_invalid: { status: 422, title: "The flow has problems" },
  expression_invalid: { status: 422, title: "The expression is not valid" },
  blocked_address: { status: 422, title: "The address must not be called" },
  idempotency_mismatch: { status: 422, title: "The idempotency key was used with another request" },
  node_config_invalid: { status: 422, title: "The node's configuration is not valid" },
  unknown_node: { status: 422, title: "The flow has no such node" },
  rate_limited: { status: 429, title: "Too many requests" },
  internal: { status: 500, title: "Something went wrong on our side" },
  secrets_not_set_up: { status: 503, title: "Secrets are not set up here" },
  keys_not_set_up: { status: 501, title: "This project takes no API keys yet" },
  billing_not_configured: { status: 501, title: "Billing is not set up here" },
  schema_mismatch: { status: 503, title: "Functions and schema do not fit together" },
  service_unavailable: { status: 503, title: "The service is not available at the moment" },
  timeout: { status: 504, title: "The operation took too long" },
} as const satisfies Record<string, ErrorCodeFacts>;

/** A code that an HTTP answer can carry. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * Codes that only a step or a run carries: they are stored with it and are never the code of an HTTP answer.
 * Code → what happened.
 */
export const STEP_ERROR_CODES = {
  http_error: "The called service answered with an error status",
  step_timeout: "The step took longer than its time limit",
  run_timeout: "The run took longer than its time limit",
  output_too_large: "The output of the step is larger than allowed",
  worker_lost: "The worker that ran the step disappeared and no attempt was left",
  provider_error: "The outside service refused or failed",
  provider_unavailable: "The outside service is known to be down, and the run can not wait for it",
  budget_spent: "A budget does not allow the call, which was not made",
  price_missing: "A budget in money stops calls of a model that has no price, since it cannot count them",
  stopped: "The flow stopped itself",
  loop_limit: "The loop would run more often than it may",
  too_few_items: "Too few items of a splitter came through",
  subflow_failed: "The flow that the step started did not complete",
  secret_missing: "An expression reads a secret that there is not",
  secret_expired: "An expression reads a secret that has expired",
  secret_unreadable: "The value of a secret cannot be decrypted here",
  subflow_refused: "The flow that the step was to start was refused",
} as const;

/** A code that a step or a run can carry besides those of HTTP. */
export type StepErrorCode = keyof typeof STEP_ERROR_CODES;

/** Whether `value` is one of the codes an HTTP answer can carry. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(ERROR_CODES, value);
}

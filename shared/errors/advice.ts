/**
 * What each error code means for whoever calls, and what to do about it: for the document, the page and docs/errors.md.
 *
 * @module
 */
import type { ErrorCode, StepErrorCode } from "./codes.ts";

/** What to tell people about a code. */
export interface ErrorAdvice {
  /** When it comes, in a sentence or two. */
  readonly meaning: string;
  /** What the caller does about it. */
  readonly remedy: string;
}

/** Code of an answer → when it comes and what to do. */
export const ERROR_ADVICE: Readonly<Record<ErrorCode, ErrorAdvice>> = {
  invalid_request: {
    meaning: "A parameter, a header or the body breaks a rule. `problems` names every fault with its path.",
    remedy: "Correct what `problems` lists and send the request again. Repeating it unchanged gives the same answer.",
  },
  invalid_json: {
    meaning: "The body is no JSON, or JSON that is not taken: too deep, a number that would lose digits, a name such " +
      "as `__proto__`, or bytes that are not UTF-8.",
    remedy: "Send UTF-8 JSON of at most 64 levels. Write large integers as strings.",
  },
  invalid_cursor: {
    meaning: "The cursor was changed, or belongs to another list, organization, order or filter.",
    remedy:
      "Ask for the first page again, without `cursor`, and keep order and filters while you go through the pages.",
  },
  unauthorized: {
    meaning: "No credential came with the request, or one that is wrong, revoked or expired.",
    remedy: "Send an API key, or sign in again and send the new access token.",
  },
  invalid_signature: {
    meaning: "The signature of a webhook is missing, too old, or does not fit body and secret.",
    remedy: "Compare the endpoint's secret with the provider's, send the bytes that were signed, and check the clock.",
  },
  plan_limit_reached: {
    meaning: "The organization has as many of these as its plan allows.",
    remedy: "Remove some, or move to a larger plan. `GET /orgs/{id}/usage` shows what is used.",
  },
  payment_failed: {
    meaning: "The bank or card network refused the payment. Nothing was changed.",
    remedy: "Give another means of payment in the portal (`POST /billing/portal`), then try again.",
  },
  ip_blocked: {
    meaning: "The address sent too many credentials that do not hold, or an operator has blocked its network.",
    remedy: "Correct the credential and wait until the block has ended, or ask the operator to lift it.",
  },
  forbidden: {
    meaning: "Who calls is known, but role or scopes do not include this.",
    remedy: "Ask an owner or admin for the role, or use a key with the scope that the operation names.",
  },
  ip_not_allowed: {
    meaning: "The API key has a list of networks, and the request came from another one.",
    remedy: "Call from a listed network, or add yours to `ip_allow` of the key.",
  },
  mfa_required: {
    meaning: "The operation is sensitive, and this session has not used a second factor.",
    remedy: "Verify a factor with Supabase Auth so that the session becomes `aal2`, then repeat the request.",
  },
  not_found: {
    meaning: "There is no such thing for you. A thing of another organization gets the same answer.",
    remedy: "Check the id, and `X-Organization-Id` if you are in several organizations.",
  },
  method_not_allowed: {
    meaning: "The path exists, but not with this method.",
    remedy: "Use one of the methods in the header `Allow`.",
  },
  conflict: {
    meaning:
      "What is there already does not go together with the request: a name that is taken, a state that forbids it.",
    remedy: "Read the thing again and decide: `detail` says what is in the way.",
  },
  flow_inactive: {
    meaning: "The flow is a draft, and drafts are not run.",
    remedy: "Activate it with `PATCH /flows/{id}` and `is_active: true`, or try it with a dry run.",
  },
  run_finished: {
    meaning: "The run has ended and can no longer be paused, resumed, cancelled or signalled.",
    remedy: "Start it again with a retry or a replay if its work is still to be done.",
  },
  run_not_finished: {
    meaning: "This is for runs that have ended, and the run goes on.",
    remedy: "Wait for its end (`GET /runs/{id}/events`), or cancel it first.",
  },
  run_limit_reached: {
    meaning: "As many runs of the flow are under way as it allows, and it refuses more instead of queueing them.",
    remedy: "Try again when one has ended, or raise the flow's limit.",
  },
  idempotency_in_flight: {
    meaning: "The first request with this `Idempotency-Key` is still being worked on.",
    remedy: "Wait a moment and repeat it with the same key: you get the answer of the first.",
  },
  version_mismatch: {
    meaning: "The `If-Match` of the request is not the thing's version any more: somebody has changed it.",
    remedy: "Read it again, apply your change to what is there now, and send the new `ETag`.",
  },
  payload_too_large: {
    meaning: "The body is larger than the operation takes: 1 MiB unless it says otherwise, after decompression.",
    remedy: "Send less, or put the data into Storage and send its address.",
  },
  unsupported_media_type: {
    meaning: "The body has a content type, character set or encoding that is not read here.",
    remedy: "Send `Content-Type: application/json`, plain or with gzip or deflate.",
  },
  flow_invalid: {
    meaning: "The graph has problems. `problems` lists each with its node and path.",
    remedy: "Correct them; `POST /flows/validate` checks a graph without saving it. Drafts may keep their problems.",
  },
  expression_invalid: {
    meaning: "An expression between `{{` and `}}` cannot be read.",
    remedy: "Correct the expression at the position that `problems` names.",
  },
  blocked_address: {
    meaning: "The address leads to a private, local or otherwise protected network. Nothing was sent.",
    remedy: "Use an address that can be reached from the public internet.",
  },
  idempotency_mismatch: {
    meaning: "This `Idempotency-Key` was used with another request in the last 24 hours.",
    remedy: "Make a new key for a new request; repeat a request with exactly the same body.",
  },
  node_config_invalid: {
    meaning: "The settings of the node do not fit its schema.",
    remedy: "Compare them with `GET /nodes/{type}/schema` and correct what `problems` lists.",
  },
  unknown_node: {
    meaning: "The request names a node that the graph of the flow does not have.",
    remedy: "Use the id of a node of the flow's current version.",
  },
  rate_limited: {
    meaning: "A rate limit is used up: the person's, the key's, the organization's or the address'. Nothing was done.",
    remedy: "Wait as many seconds as `Retry-After` says. Read `RateLimit` to slow down before it happens.",
  },
  internal: {
    meaning: "A fault of ours. It is logged under `request_id`.",
    remedy: "Try again, with the same `Idempotency-Key` if there is one. If it stays, report the `request_id`.",
  },
  secrets_not_set_up: {
    meaning: "The project's operator has set up no master key, so secrets cannot be kept.",
    remedy: "The operator sets `MILLRACE_MASTER_KEYS`, see docs/secrets.md.",
  },
  keys_not_set_up: {
    meaning: "The project's operator has set up no signing key, so API keys cannot act.",
    remedy: "The operator sets `MILLRACE_SIGNING_KEY`, see docs/api_keys.md. Until then use access tokens.",
  },
  billing_not_configured: {
    meaning: "The project's operator has set up no Stripe account, so plans cannot be bought here.",
    remedy: "The operator sets `STRIPE_SECRET_KEY`, see docs/billing.md.",
  },
  schema_mismatch: {
    meaning: "The database lacks migrations that the functions need, or has outgrown them.",
    remedy: "Try again later. The operator does what `detail` says, see docs/deploy.md.",
  },
  service_unavailable: {
    meaning: "The database or another part cannot be reached at the moment. Nothing was done, or `detail` says what.",
    remedy: "Try again after `Retry-After` seconds, with the same `Idempotency-Key` if there is one.",
  },
  timeout: {
    meaning: "The operation took too long and was given up. It may have happened all the same.",
    remedy: "Repeat it with the same `Idempotency-Key`, or look whether it has happened. Ask for less at once.",
  },
};

/** Code of a step or run → what to do. */
export const STEP_ERROR_ADVICE: Readonly<Record<StepErrorCode, string>> = {
  http_error: "Look at the answer in the step's log; let the node retry what is worth it, or branch on the status.",
  step_timeout: "Raise `timeoutSeconds` of the node, or make the work smaller.",
  run_timeout: "Raise `timeoutSeconds` in the settings of the flow, or split the flow.",
  output_too_large: "Take only the fields that later steps need, or keep the data in Storage.",
  worker_lost: "Retry the run. If it happens again, the step needs more memory or time than an edge function has.",
  provider_error: "Read the provider's message in the step; check its credentials and settings, then retry.",
  provider_unavailable: "Retry when the provider is back, or give the node another provider to fall back on.",
  budget_spent: "Raise the budget that `details` names, or wait until `resets_at`; then retry the run.",
  price_missing:
    "The operator sets a price with `engine.set_model_price`; or let the budget only warn, or count tokens.",
  stopped: "Nothing: the flow said so itself.",
  loop_limit: "Raise the loop's bound, or correct the condition that ends it.",
  too_few_items: "Look at the items that failed, and lower the collector's `k` if fewer are enough.",
  subflow_failed: "Look at the child run that the step names.",
  secret_missing: "Make the secret under that name, or correct the name in the expression.",
  secret_expired: "Give the secret a new value or a later end.",
  secret_unreadable: "The operator checks the master keys; then set the value again if it cannot be saved.",
  subflow_refused: "Read why in the step: the flow may be inactive, deleted, or too deep in others.",
};

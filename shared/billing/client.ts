/**
 * The client of Stripe, and what its errors mean here.
 *
 * @module
 */
import { Stripe } from "stripe";
import type { Env } from "../env/mod.ts";
import { AppError, internal, serviceUnavailable } from "../errors/mod.ts";

/**
 * The version of Stripe's API that we speak: that of the SDK's types. Each request names it, so that the account's own
 * default, which anybody can raise in the dashboard, changes nothing here.
 */
export const STRIPE_API_VERSION = "2026-10-28.endive";

/** A request that takes longer is given up (milliseconds): someone is waiting, and an edge function has no minutes. */
const TIMEOUT_MILLISECONDS = 8_000;

/**
 * Attempts after the first: people learn within 17 seconds that Stripe is away; jobs try again by themselves. All of one
 * call carry one idempotency key, so that none has its effect twice.
 */
const NETWORK_RETRIES = 1;

const clients = new WeakMap<Env, Stripe>();

/**
 * The client of Stripe, one an environment.
 *
 * @throws {AppError} `billing_not_configured` without STRIPE_SECRET_KEY.
 */
export function createStripe(env: Env): Stripe {
  if (env.stripeSecretKey === null) {
    throw new AppError("billing_not_configured", { detail: "The operator has not set STRIPE_SECRET_KEY" });
  }
  let client = clients.get(env);
  if (client === undefined) {
    client = new Stripe(env.stripeSecretKey, {
      apiVersion: STRIPE_API_VERSION,
      httpClient: Stripe.createFetchHttpClient(),
      timeout: TIMEOUT_MILLISECONDS,
      maxNetworkRetries: NETWORK_RETRIES,
      // Says nothing to Stripe that it does not need.
      telemetry: false,
      appInfo: { name: "Millrace" },
      ...address(env.stripeBaseUrl),
    });
    clients.set(env, client);
  }
  return client;
}

function address(baseUrl: string | null): { protocol?: "http" | "https"; host?: string; port?: string } {
  if (baseUrl === null) return {};
  const { protocol, hostname, port } = new URL(baseUrl);
  const isPlain = protocol === "http:";
  return { protocol: isPlain ? "http" : "https", host: hostname, port: port || (isPlain ? "80" : "443") };
}

/** What an idempotency key is made of. Parts that follow each other are told apart. */
export function stripeKey(...parts: readonly (string | number | null)[]): string {
  const key = `millrace:${parts.map((part) => encodeURIComponent(String(part ?? ""))).join(":")}`;
  // Stripe takes 255 characters; what callers send can be as long by itself.
  if (key.length > 255) throw internal(`An idempotency key of ${key.length} characters`);
  return key;
}

/**
 * Does something at Stripe; what fails becomes an error of ours.
 *
 * @throws {AppError} `service_unavailable` when Stripe cannot be reached, is busy or has a fault; `payment_failed`,
 *   `idempotency_mismatch`, `conflict`; `internal` for requests that Stripe finds wrong: they are ours.
 */
export async function askStripe<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fromStripe(error);
  }
}

/** An error of the SDK as ours; others stay what they are. */
export function fromStripe(error: unknown): unknown {
  const { errors } = Stripe;
  if (!(error instanceof errors.StripeError)) return error;
  // Messages of Stripe can repeat what was sent; the request id is enough to look it up in the dashboard.
  const said = `Stripe: ${error.type} ${error.code ?? ""} (${error.statusCode ?? "no answer"}, ${
    error.requestId ?? "-"
  })`;
  if (error instanceof errors.StripeCardError) {
    return new AppError("payment_failed", { detail: CARD_ADVICE[error.code ?? ""] ?? CARD_REFUSED, cause: error });
  }
  if (error instanceof errors.StripeIdempotencyError) return new AppError("idempotency_mismatch", { cause: error });
  const { statusCode } = error;
  if (error instanceof errors.StripeConnectionError || error instanceof errors.StripeRateLimitError) {
    return stripeUnavailable(said, error);
  }
  // 409: another request holds the object or the key; it passes.
  if (statusCode === undefined || statusCode === 409 || statusCode === 429 || statusCode >= 500) {
    return stripeUnavailable(said, error);
  }
  return internal(said, error);
}

/** 503 that names who is away: people need not look for the fault with us, or with themselves. */
function stripeUnavailable(message: string, cause: unknown): AppError {
  const { detail, headers } = serviceUnavailable(message);
  return new AppError("service_unavailable", {
    detail: `Stripe, through which payments go, does not answer at the moment. ${detail}`,
    message,
    headers,
    cause,
  });
}

const CARD_REFUSED = "The bank refused the payment: give another means of payment in the portal";
const CARD_ADVICE: Readonly<Record<string, string>> = {
  expired_card: "The card has expired: give another one in the portal",
  incorrect_cvc: "The card's security code is wrong: enter the card again in the portal",
  authentication_required: "The bank wants the payment to be confirmed: pay the open invoice in the portal",
};

/** Whether Stripe said that there is no such thing. */
export function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.code === "resource_missing";
}

/** Whether Stripe refused a parameter, by its name. */
export function isRefused(error: unknown, param: string): boolean {
  return error instanceof Stripe.errors.StripeInvalidRequestError && error.param === param;
}

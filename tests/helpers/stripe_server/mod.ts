/**
 * A stand-in for Stripe's API. It checks each request as Stripe documents it (path, method, form encoding,
 * authorization, version, idempotency key), answers in Stripe's shapes and with its errors, bills, renews and collects by
 * a clock that a test can move, signs and sends events, and can be told to fail, to be slow and to lose its answers.
 * https://docs.stripe.com/api
 *
 * Simplified: no taxes, discounts, tiers or test clocks; invoices are final at once instead of after an hour.
 *
 * @module
 */
import type { Stripe } from "stripe";
import { getWebhookAdapter } from "../../../shared/webhooks/mod.ts";
import { addPrice, addProduct, CATALOGUE_ROUTES } from "./catalogue.ts";
import { CHANGE_ROUTES } from "./changes.ts";
import { CHECKOUT_ROUTES, completeSession } from "./checkout.ts";
import { missing, type Params, parseForm, StripeRefusal, text, texts } from "./form.ts";
import { INVOICE_ROUTES } from "./invoices.ts";
import { addMeter, METER_ROUTES } from "./meters.ts";
import { closeDispute, disputeCharge, PAYMENT_ROUTES, refundCharge } from "./payments.ts";
import { answerRoute, PAGED, route } from "./routes.ts";
import { SCHEDULE_ROUTES } from "./schedules.ts";
import { startSubscription, SUBSCRIPTION_ROUTES, type SubscriptionStart } from "./subscriptions.ts";
import { advanceTo, payOpenInvoices } from "./time.ts";
import { type AfterRetries, type PaymentMood, STANDIN_API_VERSION, StripeWorld } from "./world.ts";

/** The secret key that the stand-in knows. */
export const STRIPE_KEY = "sk_test_standin0123456789";
/** Signs its events. */
export const STRIPE_WEBHOOK_SECRET = "whsec_standin0123456789abcdef";

/** How it behaves; may be changed at any time. */
export interface StripeMood {
  /** Refuses requests, `path` narrows which and `times` how many. */
  fail: {
    status: number;
    type?: "api_error" | "card_error" | "invalid_request_error";
    code?: string;
    message?: string;
    path?: RegExp;
    times?: number;
    retryAfter?: number;
  } | null;
  /** Milliseconds before each answer. */
  slowMs: number;
  /** Does what is asked and then breaks the connection: for so many requests that change something. */
  losesAnswers: number;
  /** What Stripe's settings say becomes of a subscription whose last attempt has failed. */
  afterRetries: AfterRetries;
}

/** A request that came. */
export interface StripeCall {
  readonly method: string;
  readonly path: string;
  readonly params: Params;
  readonly idempotencyKey: string | null;
  readonly status: number;
}

/** Options of {@link startStripe}. */
export interface StripeOptions {
  /** Unix time in seconds at which the clock stands still until it is moved; else it runs with the machine's. */
  readonly now?: number;
}

/** The prices of the plans that {@link StripeServer.addPlans} makes, in cents. */
export const STANDIN_PRICES: Readonly<Record<string, number>> = {
  millrace_pro_month: 2_900,
  millrace_pro_year: 29_000,
  millrace_pro_seat_month: 900,
  millrace_pro_seat_year: 9_000,
  millrace_team_month: 9_900,
  millrace_team_year: 99_000,
  millrace_team_seat_month: 1_200,
  millrace_team_seat_year: 12_000,
};

/** The stand-in. */
export interface StripeServer extends AsyncDisposable {
  readonly url: string;
  /** What our environment needs to speak with it. */
  readonly env: Readonly<Record<"STRIPE_SECRET_KEY" | "STRIPE_WEBHOOK_SECRET" | "STRIPE_BASE_URL", string>>;
  readonly mood: StripeMood;
  readonly calls: readonly StripeCall[];
  /** Faults of our requests: must stay empty. */
  readonly faults: readonly string[];
  /** Everything in the account, to look at and, with care, to change. */
  readonly world: StripeWorld;
  /** Every event, oldest first. */
  readonly events: readonly Stripe.Event[];
  /** Unix time in seconds. */
  readonly now: number;
  /** Moves the clock on; what falls due on the way is done in its order. */
  advance(by: { days?: number; hours?: number; seconds?: number }): void;
  /** Moves the clock to a moment, Unix time in seconds. */
  advanceTo(seconds: number): void;
  /** Makes products and prices under lookup keys; answers with lookup key → price id. */
  addPlans(prices?: Readonly<Record<string, number>>, currency?: string): Record<string, string>;
  /** Makes a meter and its monthly price `millrace_<name>`; answers with the price's id. */
  addMeter(name: string, unitAmount?: number, currency?: string): string;
  /** What a customer's payments come to from now on. */
  setPayment(customer: string, mood: PaymentMood): void;
  /** The customer fills in Stripe's page and pays. */
  completeCheckout(session: string): Stripe.Subscription;
  /** Makes a subscription without a session. */
  subscribe(start: SubscriptionStart): Stripe.Subscription;
  /** The customer gives a card that works and pays what is open. */
  payOpenInvoices(customer: string): void;
  refund(charge: string, amount?: number): Stripe.Refund;
  dispute(charge: string): Stripe.Dispute;
  closeDispute(dispute: string, status: "won" | "lost"): Stripe.Dispute;
  /** An event as it is posted: body and headers, signed now or at `at` with the usual secret or another one. */
  delivery(event: Stripe.Event, options?: { secret?: string; at?: Date }): Promise<{ body: string; headers: Headers }>;
  /** Posts an event. */
  send(event: Stripe.Event, to: (request: Request) => Response | Promise<Response>): Promise<Response>;
}

const EVENT_ROUTES = [
  route("GET /v1/events/:id", "", (world, _, [id = ""]) => {
    const found = world.events.find((event) => event.id === id);
    if (found === undefined) throw missing("event", id);
    return found;
  }),
  route("GET /v1/events", `${PAGED} type types`, (world, params) => {
    const types = [...texts(params, "types"), ...(params.type === undefined ? [] : [text(params, "type") ?? ""])];
    const found = world.events.filter(({ type }) => types.length === 0 || types.includes(type)).reverse();
    return world.page(params, "/v1/events", found);
  }),
];

const ROUTES = [
  ...CATALOGUE_ROUTES,
  ...CHECKOUT_ROUTES,
  // Before invoices by their id.
  ...CHANGE_ROUTES,
  ...SUBSCRIPTION_ROUTES,
  ...SCHEDULE_ROUTES,
  ...INVOICE_ROUTES,
  ...PAYMENT_ROUTES,
  ...METER_ROUTES,
  ...EVENT_ROUTES,
];

/** Starts one on this machine. */
export function startStripe(options: StripeOptions = {}): StripeServer {
  const world = new StripeWorld(options.now ?? null);
  const mood: StripeMood = { fail: null, slowMs: 0, losesAnswers: 0, afterRetries: "cancel" };
  const calls: StripeCall[] = [];
  const faults: string[] = [];
  const keys = new Map<string, { readonly request: string; readonly status: number; readonly body: string }>();

  function answer(
    request: Request,
    path: string,
    params: Params,
  ): { status: number; body: string; replayed?: boolean } {
    const key = request.method === "POST" ? request.headers.get("idempotency-key") : null;
    const fingerprint = `${request.method} ${path} ${JSON.stringify(params)}`;
    const known = key === null ? undefined : keys.get(key);
    if (known !== undefined) {
      if (known.request === fingerprint) return { ...known, replayed: true };
      throw new StripeRefusal(400, {
        type: "idempotency_error",
        message: "Keys for idempotent requests can only be used with the same parameters they were first used with. " +
          `Try using a key other than '${key}' if you meant to execute a different request.`,
      });
    }
    world.request = { id: world.id("req"), idempotency_key: key };
    world.afterRetries = mood.afterRetries;
    let result: { status: number; body: string };
    try {
      const body = answerRoute(ROUTES, world, { method: request.method, path, params });
      if (body === undefined) {
        faults.push(`${request.method} ${path}: no such route`);
        throw new StripeRefusal(404, { message: `Unrecognized request URL (${request.method}: ${path}).` });
      }
      result = { status: 200, body: JSON.stringify(body) };
    } catch (error) {
      if (!(error instanceof StripeRefusal)) throw error;
      if (error.body.code === "parameter_unknown") faults.push(`${request.method} ${path}: ${error.message}`);
      result = { status: error.status, body: JSON.stringify({ error: error.body }) };
    } finally {
      world.request = null;
    }
    if (key !== null) keys.set(key, { request: fingerprint, ...result });
    return result;
  }

  async function serve(request: Request): Promise<Response> {
    const { pathname: path, search } = new URL(request.url);
    const form = await request.text();
    const headers: Record<string, string> = {
      "content-type": "application/json",
      "request-id": world.id("req"),
      "stripe-version": STANDIN_API_VERSION,
    };
    let params: Params = {};
    let result: { status: number; body: string; replayed?: boolean };
    try {
      checkHeaders(request, faults);
      params = parseForm(request.method === "POST" ? form : search.slice(1) || form);
      refuseByMood(mood, path, headers);
      result = answer(request, path, params);
    } catch (error) {
      const refusal = error instanceof StripeRefusal ? error : new StripeRefusal(500, {
        type: "api_error",
        message: "An unknown error occurred",
      });
      if (refusal !== error) faults.push(`${request.method} ${path}: ${error instanceof Error ? error.stack : error}`);
      result = { status: refusal.status, body: JSON.stringify({ error: refusal.body }) };
    }
    if (result.replayed) headers["idempotent-replayed"] = "true";
    const idempotencyKey = request.headers.get("idempotency-key");
    calls.push({ method: request.method, path, params, idempotencyKey, status: result.status });
    if (mood.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, mood.slowMs));
    if (mood.losesAnswers > 0 && request.method !== "GET" && result.status < 400) {
      mood.losesAnswers -= 1;
      const half = new ReadableStream({ start: (body) => body.error(new Error("lost")) });
      return new Response(half, { status: 200, headers });
    }
    return new Response(result.body, { status: result.status, headers });
  }

  const onError = () => new Response(null, { status: 500 });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {}, onError }, serve);
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    url,
    env: { STRIPE_SECRET_KEY: STRIPE_KEY, STRIPE_WEBHOOK_SECRET, STRIPE_BASE_URL: url },
    mood,
    calls,
    faults,
    world,
    events: world.events,
    get now() {
      return world.now;
    },
    advance: ({ days = 0, hours = 0, seconds = 0 }) =>
      moveTo(world, mood, world.now + days * 86_400 + hours * 3_600 + seconds),
    advanceTo: (seconds) => moveTo(world, mood, seconds),
    addPlans: (prices = STANDIN_PRICES, currency = "eur") => addPlans(world, prices, currency),
    addMeter(name, unitAmount = 1, currency = "eur") {
      const meter = addMeter(world, `millrace_${name}`, name).id;
      const product = addProduct(world, name).id;
      return addPrice(world, { product, lookupKey: `millrace_${name}`, currency, unitAmount, interval: "month", meter })
        .id;
    },
    setPayment: (customer, payment) => void world.payments.set(customer, payment),
    completeCheckout: (session) => completeSession(world, session),
    subscribe: (start) => startSubscription(world, start),
    payOpenInvoices: (customer) => payOpenInvoices(world, customer),
    refund: (charge, amount) => refundCharge(world, charge, amount),
    dispute: (charge) => disputeCharge(world, charge),
    closeDispute: (dispute, status) => closeDispute(world, dispute, status),
    delivery,
    async send(event, to) {
      const { body, headers } = await delivery(event);
      return await to(new Request(`${url}/billing/webhooks`, { method: "POST", headers, body }));
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function moveTo(world: StripeWorld, mood: StripeMood, seconds: number): void {
  world.afterRetries = mood.afterRetries;
  advanceTo(world, seconds);
}

function addPlans(world: StripeWorld, prices: Readonly<Record<string, number>>, currency: string) {
  const products = new Map<string, string>();
  return Object.fromEntries(
    Object.entries(prices).map(([lookupKey, unitAmount]) => {
      const interval = lookupKey.endsWith("_year") ? "year" : "month";
      const name = lookupKey.replace(/_(month|year)$/, "");
      const product = products.get(name) ?? addProduct(world, name).id;
      products.set(name, product);
      return [lookupKey, addPrice(world, { product, lookupKey, currency, unitAmount, interval }).id];
    }),
  );
}

async function delivery(event: Stripe.Event, { secret = STRIPE_WEBHOOK_SECRET, at = new Date() } = {}) {
  const body = JSON.stringify(event, null, 2);
  const rawBody = new TextEncoder().encode(body);
  const signed = await getWebhookAdapter("stripe")!.sign({
    rawBody,
    secret,
    now: at,
    headers: new Headers(),
    config: {},
  });
  const headers = new Headers({ "content-type": "application/json; charset=utf-8", "user-agent": "Stripe/1.0" });
  for (const [name, value] of Object.entries(signed)) headers.set(name, value);
  return { body, headers };
}

function checkHeaders({ method, url, headers }: Request, faults: string[]): void {
  const { pathname } = new URL(url);
  const fault = (words: string) => faults.push(`${method} ${pathname}: ${words}`);
  const authorization = headers.get("authorization");
  if (authorization === null) {
    fault("no authorization");
    throw new StripeRefusal(401, { message: "You did not provide an API key." });
  }
  if (authorization !== `Bearer ${STRIPE_KEY}`) {
    throw new StripeRefusal(401, { message: `Invalid API Key provided: ${authorization.slice(7, 15)}***` });
  }
  const version = headers.get("stripe-version");
  if (version !== STANDIN_API_VERSION) {
    fault(`version ${version}`);
    throw new StripeRefusal(400, { message: `Invalid Stripe API version: ${version}` });
  }
  if (method === "POST" && headers.get("content-type") !== "application/x-www-form-urlencoded") {
    fault("content type");
    throw new StripeRefusal(400, { message: "Invalid request: send application/x-www-form-urlencoded" });
  }
  const key = headers.get("idempotency-key");
  if (method === "POST" && key === null) fault("no idempotency key");
  if ((key?.length ?? 0) > 255) {
    fault("idempotency key");
    throw new StripeRefusal(400, {
      type: "idempotency_error",
      message: "Idempotency keys have at most 255 characters.",
    });
  }
}

function refuseByMood(mood: StripeMood, path: string, headers: Record<string, string>): void {
  const { fail } = mood;
  if (fail === null || fail.path?.test(path) === false) return;
  if (fail.times !== undefined) {
    fail.times -= 1;
    if (fail.times <= 0) mood.fail = null;
  }
  if (fail.retryAfter !== undefined) headers["retry-after"] = String(fail.retryAfter);
  throw new StripeRefusal(fail.status, {
    type: fail.type ?? (fail.status >= 500 ? "api_error" : "invalid_request_error"),
    message: fail.message ?? `Told to answer ${fail.status}`,
    ...(fail.code === undefined ? {} : { code: fail.code }),
  });
}

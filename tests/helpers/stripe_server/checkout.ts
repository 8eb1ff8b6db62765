/**
 * Checkout and portal sessions of Stripe's stand-in.
 * https://docs.stripe.com/api/checkout/sessions/create
 *
 * @module
 */
import type { Stripe } from "stripe";
import { live } from "./catalogue.ts";
import { hash, hashes, integer, invalid, metadata, type Params, required, text, truth, word } from "./form.ts";
import { PAGED, route } from "./routes.ts";
import { type NewItem, startSubscription } from "./subscriptions.ts";
import { idOf, type StripeWorld } from "./world.ts";

/** The routes of this file. */
export const CHECKOUT_ROUTES = [
  route(
    "POST /v1/checkout/sessions",
    "mode customer customer_email customer_update line_items success_url cancel_url client_reference_id metadata " +
      "subscription_data allow_promotion_codes automatic_tax tax_id_collection billing_address_collection " +
      "payment_method_collection expires_at locale",
    createSession,
  ),
  route("GET /v1/checkout/sessions/:id", "", (world, _, [id = ""]) => world.get("checkout.session", id)),
  route("GET /v1/checkout/sessions/:id/line_items", PAGED, (world, params, [id = ""]) => {
    world.get("checkout.session", id);
    const items = world.plannedItems.get(id) ?? [];
    return world.page(
      params,
      `/v1/checkout/sessions/${id}/line_items`,
      items.map(({ price, quantity }, index) => ({
        id: `li_${id}_${index}`,
        object: "item",
        price: world.get("price", price),
        quantity: quantity ?? null,
        created: world.now,
      })),
    );
  }),
  route("GET /v1/checkout/sessions", `${PAGED} customer subscription status`, (world, params) => {
    const [customer, subscription, status] = ["customer", "subscription", "status"].map((name) => text(params, name));
    const found = world.all("checkout.session").filter((one) =>
      (customer === undefined || one.customer === customer) &&
      (subscription === undefined || one.subscription === subscription) &&
      (status === undefined || one.status === status)
    );
    return world.page(params, "/v1/checkout/sessions", found);
  }),
  route("POST /v1/checkout/sessions/:id/expire", "", (world, _, [id = ""]) => expireSession(world, id)),
  route("POST /v1/billing_portal/sessions", "customer return_url configuration locale flow_data on_behalf_of", portal),
];

const DAY = 86_400;

function createSession(world: StripeWorld, params: Params): Stripe.Checkout.Session {
  if (word(params, "mode", ["subscription"]) === undefined) throw invalid("Missing required param: mode.", "mode");
  const customer = live(world, required(params, "customer"));
  const successUrl = absolute(params, "success_url");
  const items = readItems(world, params);
  const data = hash(params, "subscription_data");
  const days = integer(data, "trial_period_days");
  if (days !== undefined && (days < 1 || days > 730)) {
    throw invalid("The minimum number of trial period days is 1.", "subscription_data[trial_period_days]");
  }
  const collectsTaxIds = truth(hash(params, "tax_id_collection"), "enabled") ?? false;
  if (collectsTaxIds && hash(params, "customer_update").name !== "auto") {
    throw invalid(
      "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing " +
        "customer, please set `customer_update[name]` to `auto`.",
      "tax_id_collection",
    );
  }
  const id = `cs_test_${world.id("a").slice(2)}`;
  const total = items.reduce(
    (sum, { price, quantity }) => sum + (world.get("price", price).unit_amount ?? 0) * (quantity ?? 0),
    0,
  );
  const currency = world.get("price", items[0]?.price ?? "").currency;
  const due = days === undefined ? total : 0;
  const session = {
    id,
    object: "checkout.session",
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: truth(params, "allow_promotion_codes") ?? null,
    allowed_payment_method_types: null,
    amount_subtotal: due,
    amount_total: due,
    automatic_tax: {
      enabled: truth(hash(params, "automatic_tax"), "enabled") ?? false,
      liability: null,
      provider: null,
      status: null,
    },
    billing_address_collection: text(params, "billing_address_collection") ?? null,
    cancel_url: params.cancel_url === undefined ? null : absolute(params, "cancel_url"),
    client_reference_id: text(params, "client_reference_id") ?? null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: world.now,
    currency,
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: customer.id,
    customer_account: null,
    customer_creation: null,
    customer_details: null,
    customer_email: null,
    discounts: [],
    expires_at: expiry(world, params),
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: text(params, "locale") ?? null,
    managed_payments: null,
    metadata: metadata(params),
    mode: "subscription",
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: text(params, "payment_method_collection") ?? "always",
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ["card"],
    payment_status: "unpaid",
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: "open",
    submit_type: null,
    subscription: null,
    success_url: successUrl,
    tax_id_collection: { enabled: collectsTaxIds, required: "never" },
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: "hosted_page",
    url: `https://checkout.stripe.com/c/pay/${id}`,
    wallet_options: null,
  } as Stripe.Checkout.Session;
  world.plannedItems.set(id, items);
  world.plannedTrials.set(id, { days: days ?? null, metadata: metadata(data) });
  return world.keep(session);
}

function readItems(world: StripeWorld, params: Params): NewItem[] {
  const items = hashes(params, "line_items") ?? [];
  if (items.length === 0 || items.length > 20) throw invalid("Missing required param: line_items.", "line_items");
  return items.map((item, index) => {
    const price = world.get("price", required(item, "price"), `line_items[${index}][price]`);
    if (!price.active) {
      throw invalid(`The price specified is inactive. This field only accepts active prices.`, `line_items[${index}]`);
    }
    const quantity = integer(item, "quantity");
    const isMetered = price.recurring?.usage_type === "metered";
    if (isMetered && quantity !== undefined) {
      throw invalid("You cannot specify a quantity for metered prices.", `line_items[${index}][quantity]`);
    }
    if (!isMetered && quantity === undefined) {
      throw invalid("Quantity is required.", `line_items[${index}][quantity]`, "parameter_missing");
    }
    return { price: price.id, ...(quantity === undefined ? {} : { quantity }) };
  });
}

function expiry(world: StripeWorld, params: Params): number {
  const at = integer(params, "expires_at") ?? world.now + DAY;
  if (at < world.now + 1_800 || at > world.now + DAY) {
    throw invalid("The `expires_at` timestamp must be 30 minutes to 24 hours from session creation.", "expires_at");
  }
  return at;
}

function absolute(params: Params, name: string): string {
  const url = required(params, name);
  if (!/^https?:\/\/[^\s]+$/.test(url)) {
    throw invalid("Not a valid URL: URLs must begin with a scheme such as http:// or https://.", name, "url_invalid");
  }
  return url;
}

function expireSession(world: StripeWorld, id: string): Stripe.Checkout.Session {
  const session = world.get("checkout.session", id);
  if (session.status !== "open") {
    throw invalid('Only Checkout Sessions with a status in ["open"] can be expired.', "session");
  }
  session.status = "expired";
  session.url = null;
  world.emit("checkout.session.expired", session);
  return session;
}

/**
 * What the customer does on Stripe's page: fills in a card and pays.
 *
 * @throws {Error} When the session is not open.
 */
export function completeSession(world: StripeWorld, id: string): Stripe.Subscription {
  const session = world.get("checkout.session", id);
  if (session.status !== "open" || session.expires_at <= world.now) throw new Error(`${id} is not open`);
  const plan = world.plannedTrials.get(id);
  const subscription = startSubscription(world, {
    customer: idOf(session.customer),
    items: world.plannedItems.get(id) ?? [],
    trialEnd: plan?.days ? world.now + plan.days * DAY : null,
    metadata: plan?.metadata ?? {},
    behavior: "error_if_incomplete",
  });
  session.status = "complete";
  session.url = null;
  session.payment_status = session.amount_total === 0 ? "no_payment_required" : "paid";
  session.subscription = subscription.id;
  session.invoice = idOf(subscription.latest_invoice);
  world.emit("checkout.session.completed", session);
  return subscription;
}

/** Expires the sessions whose time has come. */
export function expireSessions(world: StripeWorld): void {
  for (const session of world.all("checkout.session")) {
    if (session.status === "open" && session.expires_at <= world.now) expireSession(world, session.id);
  }
}

function portal(world: StripeWorld, params: Params): Stripe.BillingPortal.Session {
  const customer = live(world, required(params, "customer"));
  const id = world.id("bps");
  const session = world.keep<Stripe.BillingPortal.Session>({
    id,
    object: "billing_portal.session",
    configuration: text(params, "configuration") ?? "bpc_1St00000000000000",
    created: world.now,
    customer: customer.id,
    customer_account: null,
    flow: null,
    livemode: false,
    locale: text(params, "locale") ?? null,
    on_behalf_of: null,
    return_url: params.return_url === undefined ? null : absolute(params, "return_url"),
    url: `https://billing.stripe.com/p/session/${id}`,
  });
  world.emit("billing_portal.session.created", session);
  return session;
}

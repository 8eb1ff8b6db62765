/**
 * Customers, tax ids, products and prices of Stripe's stand-in.
 *
 * @module
 */
import type { Stripe } from "stripe";
import { hash, integer, invalid, metadata, missing, type Params, required, text, texts, truth, word } from "./form.ts";
import { PAGED, route } from "./routes.ts";
import { idOf, type StripeWorld } from "./world.ts";

const CUSTOMER_FIELDS = "address balance description email invoice_settings metadata name phone preferred_locales " +
  "tax_exempt validate_location tax_id_data business_name individual_name";

const PRICE_FIELDS = "currency unit_amount unit_amount_decimal product product_data recurring lookup_key " +
  "transfer_lookup_key metadata nickname active tax_behavior billing_scheme";

/** The routes of this file. */
export const CATALOGUE_ROUTES = [
  route("POST /v1/customers", CUSTOMER_FIELDS, createCustomer),
  route("GET /v1/customers", `${PAGED} email`, (world, params) => {
    const email = text(params, "email");
    const found = world.all("customer").filter((one) => email === undefined || one.email === email);
    return world.page(params, "/v1/customers", found);
  }),
  route("GET /v1/customers/:id", "", (world, _, [id = ""]) => {
    const found = world.find(id);
    return found?.object === "customer" ? found : world.get("customer", id);
  }),
  route("POST /v1/customers/:id", CUSTOMER_FIELDS, updateCustomer),
  route("DELETE /v1/customers/:id", "", (world, _, [id = ""]) => {
    const customer = live(world, id);
    const deleted = world.keep({ id, object: "customer", deleted: true as const });
    world.emit("customer.deleted", customer);
    return deleted;
  }),
  route("POST /v1/customers/:id/tax_ids", "type value", createTaxId),
  route("GET /v1/customers/:id/tax_ids", PAGED, (world, params, [id = ""]) => {
    live(world, id);
    return world.page(params, `/v1/customers/${id}/tax_ids`, world.all("tax_id").filter((one) => one.customer === id));
  }),
  route("DELETE /v1/customers/:id/tax_ids/:tax", "", (world, _, [id = "", tax = ""]) => {
    live(world, id);
    const found = world.get("tax_id", tax);
    if (found.customer !== id) throw missing("tax_id", tax);
    world.forget(tax);
    world.emit("customer.tax_id.deleted", found);
    return { id: tax, object: "tax_id", deleted: true };
  }),
  route(
    "POST /v1/products",
    "id name description metadata active unit_label tax_code",
    (world, params) => addProduct(world, required(params, "name"), metadata(params), text(params, "id")),
  ),
  route("GET /v1/products/:id", "", (world, _, [id = ""]) => world.get("product", id)),
  route(
    "GET /v1/products",
    `${PAGED} active ids`,
    (world, params) => world.page(params, "/v1/products", byActive(params, world.all("product"))),
  ),
  route("POST /v1/prices", PRICE_FIELDS, createPrice),
  route("POST /v1/prices/:id", "active metadata nickname lookup_key transfer_lookup_key tax_behavior", updatePrice),
  route("GET /v1/prices/:id", "", (world, _, [id = ""]) => world.get("price", id)),
  route("GET /v1/prices", `${PAGED} active currency lookup_keys product recurring type`, listPrices),
];

/** A customer that was not deleted. */
export function live(world: StripeWorld, id: string, param = "customer"): Stripe.Customer {
  const found = world.get("customer", id, param);
  if ((found as { deleted?: unknown }).deleted === true) throw missing("customer", id, param);
  return found;
}

function createCustomer(world: StripeWorld, params: Params): Stripe.Customer {
  const email = text(params, "email");
  if (email !== undefined && email !== "" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) {
    throw invalid(`Invalid email address: ${email}`, "email", "email_invalid");
  }
  const customer = world.keep<Stripe.Customer>({
    id: world.id("cus"),
    object: "customer",
    address: null,
    balance: integer(params, "balance") ?? 0,
    created: world.now,
    currency: null,
    default_source: null,
    delinquent: false,
    description: text(params, "description") ?? null,
    discount: null,
    email: email ?? null,
    invoice_prefix: `M${String(world.all("customer").length + 1).padStart(7, "0")}`,
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: metadata(params),
    name: text(params, "name") ?? null,
    next_invoice_sequence: 1,
    phone: text(params, "phone") ?? null,
    preferred_locales: texts(params, "preferred_locales"),
    shipping: null,
    tax_exempt: word(params, "tax_exempt", ["none", "exempt", "reverse"]) ?? "none",
    test_clock: null,
  });
  world.emit("customer.created", customer);
  return customer;
}

function updateCustomer(world: StripeWorld, params: Params, [id = ""]: readonly string[]): Stripe.Customer {
  const customer = live(world, id);
  const before = { email: customer.email, name: customer.name ?? null, metadata: customer.metadata };
  customer.email = text(params, "email") ?? customer.email;
  customer.name = text(params, "name") ?? customer.name ?? null;
  customer.balance = integer(params, "balance") ?? customer.balance;
  customer.metadata = metadata(params, customer.metadata);
  customer.tax_exempt = word(params, "tax_exempt", ["none", "exempt", "reverse"]) ?? customer.tax_exempt ?? "none";
  world.emit("customer.updated", customer, before);
  return customer;
}

/** How some kinds of tax id are written; Stripe refuses others of the kind. */
const TAX_ID_FORMS: Readonly<Record<string, { readonly country: string | null; readonly form: RegExp }>> = {
  eu_vat: {
    country: null,
    form: /^(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)[0-9A-Z]{8,12}$/,
  },
  gb_vat: { country: "GB", form: /^(GB|XI)?\d{9}(\d{3})?$/ },
  ch_vat: { country: "CH", form: /^CHE-?[\d.]{9,11} ?(MWST|TVA|IVA)$/ },
  us_ein: { country: "US", form: /^\d{2}-\d{7}$/ },
  in_gst: { country: "IN", form: /^\d{2}[A-Z]{5}\d{4}[A-Z]\d[Z]\w$/ },
  au_abn: { country: "AU", form: /^\d{11}$/ },
};

function createTaxId(world: StripeWorld, params: Params, [id = ""]: readonly string[]): Stripe.TaxId {
  live(world, id);
  const type = required(params, "type");
  const value = required(params, "value");
  const known = TAX_ID_FORMS[type];
  if (known === undefined) throw invalid(`Invalid type: ${type}`, "type");
  if (!known.form.test(value)) throw invalid(`Invalid value for ${type}.`, "value", "tax_id_invalid");
  const taxId = world.keep<Stripe.TaxId>({
    id: world.id("txi"),
    object: "tax_id",
    country: known.country ?? value.slice(0, 2),
    created: world.now,
    customer: id,
    customer_account: null,
    livemode: false,
    owner: { type: "customer", customer: id, customer_account: null },
    type,
    value,
    verification: { status: "pending", verified_address: null, verified_name: null },
  });
  world.emit("customer.tax_id.created", taxId);
  return taxId;
}

/** Adds a product. */
export function addProduct(
  world: StripeWorld,
  name: string,
  meta: Record<string, string> = {},
  id = world.id("prod"),
): Stripe.Product {
  const product = world.keep<Stripe.Product>({
    id,
    object: "product",
    active: true,
    created: world.now,
    description: null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: meta,
    name,
    package_dimensions: null,
    shippable: null,
    tax_code: null,
    tax_details: null,
    type: "service",
    updated: world.now,
    url: null,
  });
  world.emit("product.created", product);
  return product;
}

/** A price's parts. */
export interface PriceParts {
  readonly product: string;
  readonly lookupKey: string | null;
  readonly currency: string;
  readonly unitAmount: number;
  readonly interval: "month" | "year";
  /** The meter that counts what is billed; null = a quantity is. */
  readonly meter?: string | null;
}

/** Adds a price. */
export function addPrice(world: StripeWorld, parts: PriceParts): Stripe.Price {
  const { product, lookupKey, currency, unitAmount, interval, meter = null } = parts;
  const price = world.keep<Stripe.Price>({
    id: world.id("price"),
    object: "price",
    active: true,
    billing_scheme: "per_unit",
    created: world.now,
    currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: lookupKey,
    metadata: {},
    nickname: null,
    product,
    recurring: {
      interval,
      interval_count: 1,
      meter,
      trial_period_days: null,
      usage_type: meter === null ? "licensed" : "metered",
    },
    tax_behavior: "exclusive",
    tiers_mode: null,
    transform_quantity: null,
    type: "recurring",
    unit_amount: unitAmount,
    // Text on the wire; the SDK makes a Decimal of it.
    unit_amount_decimal: String(unitAmount) as unknown as Stripe.Price["unit_amount_decimal"],
  });
  world.emit("price.created", price);
  return price;
}

function createPrice(world: StripeWorld, params: Params): Stripe.Price {
  const product = required(params, "product");
  world.get("product", product, "product");
  const recurring = hash(params, "recurring");
  const lookupKey = text(params, "lookup_key") ?? null;
  takeLookupKey(world, lookupKey, truth(params, "transfer_lookup_key") ?? false);
  const meter = text(recurring, "meter") ?? null;
  if (meter !== null) world.get("billing.meter", meter, "recurring[meter]");
  return addPrice(world, {
    product,
    lookupKey,
    currency: required(params, "currency"),
    unitAmount: integer(params, "unit_amount") ?? 0,
    interval: word(recurring, "interval", ["month", "year"]) ?? "month",
    meter,
  });
}

function updatePrice(world: StripeWorld, params: Params, [id = ""]: readonly string[]): Stripe.Price {
  const price = world.get("price", id);
  const before = { active: price.active, lookup_key: price.lookup_key };
  price.active = truth(params, "active") ?? price.active;
  price.metadata = metadata(params, price.metadata);
  const lookupKey = text(params, "lookup_key");
  if (lookupKey !== undefined) {
    takeLookupKey(world, lookupKey, truth(params, "transfer_lookup_key") ?? false);
    price.lookup_key = lookupKey;
  }
  world.emit("price.updated", price, before);
  return price;
}

function takeLookupKey(world: StripeWorld, key: string | null, transfer: boolean): void {
  const holder = key === null ? undefined : world.all("price").find((price) => price.lookup_key === key);
  if (holder === undefined) return;
  if (!transfer) throw invalid(`A price (\`${holder.id}\`) already uses that lookup key.`, "lookup_key");
  holder.lookup_key = null;
}

function listPrices(world: StripeWorld, params: Params) {
  const keys = texts(params, "lookup_keys");
  if (keys.length > 10) throw invalid("You may pass at most 10 lookup keys", "lookup_keys");
  const product = text(params, "product");
  const found = byActive(params, world.all("price"))
    .filter((price) => keys.length === 0 || keys.includes(price.lookup_key ?? ""))
    .filter((price) => product === undefined || idOf(price.product) === product);
  return world.page(params, "/v1/prices", found);
}

function byActive<T extends { readonly active: boolean }>(params: Params, rows: readonly T[]): T[] {
  const active = truth(params, "active");
  return rows.filter((row) => active === undefined || row.active === active);
}

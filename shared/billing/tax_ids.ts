/**
 * Tax ids of a customer: what invoices name it by for the tax office.
 *
 * @module
 */
import type { Stripe } from "stripe";
import { invalidRequest, notFound } from "../errors/mod.ts";
import { type Buyer, ensureCustomer, findCustomer } from "./checkout.ts";
import { askStripe, isMissing, isRefused, stripeKey } from "./client.ts";
import type { SyncContext } from "./sync.ts";

/** A tax id. */
export interface TaxId {
  readonly id: string;
  /** As Stripe names it: `eu_vat`. */
  readonly type: string;
  readonly value: string;
  /** ISO 3166; null = of none. */
  readonly country: string | null;
  /** What the tax office said; null = there is none that is asked. */
  readonly verification: "pending" | "unavailable" | "unverified" | "verified" | null;
  readonly created_at: string;
}

/** A tax id to add. */
export type NewTaxId = Pick<TaxId, "type" | "value">;

const STATES = ["pending", "unavailable", "unverified", "verified"] as const;

/** All tax ids of an organization; none when it has bought nothing yet. */
export async function listTaxIds(context: SyncContext, organizationId: string): Promise<TaxId[]> {
  const customer = await findCustomer(context, organizationId);
  return customer === null ? [] : await listOf(context, customer);
}

/**
 * Adds a tax id. One that is there already is answered as it is.
 *
 * @throws {AppError} `invalid_request` when Stripe does not know the kind or the value is not written as it must be.
 */
export async function addTaxId(
  context: SyncContext,
  buyer: Buyer,
  { type, value }: NewTaxId,
  requestKey: string,
): Promise<TaxId> {
  const customer = await ensureCustomer(context, buyer);
  const known = (await listOf(context, customer)).find((one) => one.type === type && one.value === value);
  if (known !== undefined) return known;
  return await askStripe(async () => {
    try {
      // Text of a form that Stripe knows better than the SDK's list.
      const params = { type: type as Stripe.CustomerCreateTaxIdParams["type"], value };
      const idempotencyKey = stripeKey("tax_id", customer, requestKey);
      return toTaxId(await context.stripe.customers.createTaxId(customer, params, { idempotencyKey }));
    } catch (error) {
      const field = ["type", "value"].find((name) => isRefused(error, name));
      if (field === undefined) throw error;
      const message = field === "type" ? "Stripe knows no such kind of tax id" : `Not written as ${type} is`;
      throw invalidRequest([{ path: `body.${field}`, code: "invalid_tax_id", message }]);
    }
  });
}

/**
 * Removes a tax id.
 *
 * @throws {AppError} `not_found` when the organization has no such tax id.
 */
export async function removeTaxId(context: SyncContext, organizationId: string, id: string): Promise<void> {
  const customer = await findCustomer(context, organizationId);
  if (customer === null) throw notFound("tax id");
  await askStripe(async () => {
    try {
      await context.stripe.customers.deleteTaxId(customer, id);
    } catch (error) {
      if (isMissing(error)) throw notFound("tax id");
      throw error;
    }
  });
}

async function listOf({ stripe }: SyncContext, customer: string): Promise<TaxId[]> {
  const { data } = await askStripe(() => stripe.customers.listTaxIds(customer, { limit: 100 }));
  return data.map(toTaxId);
}

function toTaxId({ id, type, value, country, verification, created }: Stripe.TaxId): TaxId {
  const state = STATES.find((one) => one === verification?.status) ?? null;
  return { id, type, value, country, verification: state, created_at: new Date(created * 1000).toISOString() };
}

import {
  askStripe,
  findPrices,
  type PlanChoice,
  type PlanPrice,
  pricesOf,
  requirePrices as checkSold,
  type SyncContext,
  syncPrices,
} from "../../shared/billing/mod.ts";
import { adminClient } from "../../shared/db/mod.ts";

/**
 * All prices, with those of a choice among them: Stripe is asked when we know none, for nobody may have told us yet.
 *
 * @throws {AppError} `invalid_request` when the choice is not sold.
 */
export async function requirePrices(context: SyncContext, choice: PlanChoice): Promise<PlanPrice[]> {
  const db = adminClient(context.env);
  let prices = await findPrices(db);
  if (pricesOf(prices, choice) === null) {
    await askStripe(() => syncPrices(context));
    prices = await findPrices(db);
  }
  checkSold(prices, choice);
  return prices;
}

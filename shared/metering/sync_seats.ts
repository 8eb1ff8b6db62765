/**
 * Brings the seats of a subscription to the number of the organization's members.
 *
 * @module
 */
import type { Stripe } from "stripe";
import { askStripe, isMissing, isRefused, stripeKey } from "../billing/mod.ts";
import { adminClient, rpc } from "../db/mod.ts";
import type { Env } from "../env/mod.ts";

/** What it needs. */
export interface SeatsContext {
  readonly env: Env;
  readonly stripe: Stripe;
  /** Tells each attempt's changes apart from those of others: the job. */
  readonly key: string;
  readonly signal: AbortSignal;
  /** Fetches the subscription anew, so that our tables say what Stripe does. */
  sync(subscriptionId: string): Promise<unknown>;
}

/** What it did. */
export interface SeatsReport {
  /** Seats that are paid for now; null = the organization pays for none. */
  seats: number | null;
  /** How often the quantity was changed. */
  changes: number;
}

/** What `engine.get_seats` answers. */
interface Seats {
  readonly subscription_id: string;
  readonly item_id: string | null;
  readonly price_id: string;
  readonly seats: number;
  readonly wanted: number;
}

/** Who joins and leaves while a change is under way is seen after it; more rounds are left to the next job. */
const MAX_ROUNDS = 5;

/**
 * Changes the quantity at Stripe until it is that of the members. Prorated: who joins in the middle of a period pays for
 * the rest of it, who leaves gets the rest back with the next invoice.
 *
 * Members who come and go meanwhile are counted anew after each change; and when the changed subscription is written, the
 * database compares once more and calls another job.
 *
 * @throws {AppError} As {@link askStripe}.
 */
export async function syncSeats(organizationId: string, context: SeatsContext): Promise<SeatsReport> {
  const { env, stripe, key, signal, sync } = context;
  const find = () =>
    rpc<Seats | null>(adminClient(env), "get_seats", { p_organization_id: organizationId }, {
      schema: "engine",
      signal,
    });
  const report: SeatsReport = { seats: null, changes: 0 };
  for (let round = 1; round <= MAX_ROUNDS && !signal.aborted; round++) {
    const seats = await find();
    if (seats === null) return report;
    // What Stripe has, not what we last wrote: somebody may have changed it in the portal.
    const subscription = await askStripe(() => stripe.subscriptions.retrieve(seats.subscription_id));
    const item = subscription.items.data.find(({ id, price }) => id === seats.item_id || price.id === seats.price_id);
    const now = item?.quantity ?? 0;
    report.seats = now;
    if (now === seats.wanted) {
      if (seats.seats !== now || (item !== undefined && item.id !== seats.item_id)) await sync(seats.subscription_id);
      return report;
    }
    const isChanged = await askStripe(async () => {
      try {
        await stripe.subscriptions.update(seats.subscription_id, {
          items: [{
            ...(item === undefined ? { price: seats.price_id } : { id: item.id }),
            quantity: seats.wanted,
          }],
          proration_behavior: "create_prorations",
        }, { idempotencyKey: stripeKey("seats", key, round, now, seats.wanted) });
        return true;
      } catch (error) {
        // Somebody else has added the seats in between, or taken them away: the next round sees it.
        if (round < MAX_ROUNDS && (isRefused(error, "items") || isMissing(error))) return false;
        throw error;
      }
    });
    if (!isChanged) continue;
    report.changes++;
    report.seats = seats.wanted;
    await sync(seats.subscription_id);
  }
  return report;
}

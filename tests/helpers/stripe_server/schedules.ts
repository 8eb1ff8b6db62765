/**
 * Subscription schedules of Stripe's stand-in: changes that wait for the end of a period.
 * https://docs.stripe.com/billing/subscriptions/subscription-schedules
 *
 * @module
 */
import type { Stripe } from "stripe";
import { hash, hashes, integer, invalid, metadata, type Params, required, text, truth, word } from "./form.ts";
import { releaseSchedule } from "./invoices.ts";
import { PAGED, route } from "./routes.ts";
import { periodOf } from "./changes.ts";
import { addMonths, itemOf } from "./subscriptions.ts";
import { idOf, type StripeWorld } from "./world.ts";

/** The routes of this file. */
export const SCHEDULE_ROUTES = [
  route("POST /v1/subscription_schedules", "from_subscription metadata", createSchedule),
  route("GET /v1/subscription_schedules/:id", "", (world, _, [id = ""]) => world.get("subscription_schedule", id)),
  route("GET /v1/subscription_schedules", `${PAGED} customer scheduled`, (world, params) => {
    const customer = text(params, "customer");
    const found = world.all("subscription_schedule").filter((one) =>
      customer === undefined || one.customer === customer
    );
    return world.page(params, "/v1/subscription_schedules", found);
  }),
  route("POST /v1/subscription_schedules/:id", "phases end_behavior proration_behavior metadata", updateSchedule),
  route("POST /v1/subscription_schedules/:id/release", "preserve_cancel_date", (world, params, [id = ""]) => {
    truth(params, "preserve_cancel_date");
    const schedule = world.get("subscription_schedule", id);
    if (schedule.status !== "active" && schedule.status !== "not_started") {
      throw invalid(
        `You cannot release a subscription schedule that is currently in the \`${schedule.status}\` status.`,
      );
    }
    const subscription = world.get("subscription", idOf(schedule.subscription));
    releaseSchedule(world, subscription, "released");
    world.emit("customer.subscription.updated", subscription, { schedule: id });
    return schedule;
  }),
];

function createSchedule(world: StripeWorld, params: Params): Stripe.SubscriptionSchedule {
  const subscription = world.get("subscription", required(params, "from_subscription"), "from_subscription");
  if (subscription.schedule !== null) {
    throw invalid(
      `You cannot migrate a subscription that is already attached to a schedule: \`${idOf(subscription.schedule)}\`.`,
      "from_subscription",
    );
  }
  if (subscription.status === "canceled") throw invalid("The subscription is canceled.", "from_subscription");
  const { start, end } = periodOf(subscription);
  const items = subscription.items.data.map(({ price, quantity }) => ({
    price: price.id,
    ...(quantity === undefined ? {} : { quantity }),
  }));
  const schedule = world.keep({
    id: world.id("sub_sched"),
    object: "subscription_schedule",
    application: null,
    billing_mode: subscription.billing_mode,
    canceled_at: null,
    completed_at: null,
    created: world.now,
    current_phase: { start_date: start, end_date: end },
    customer: subscription.customer,
    customer_account: null,
    default_settings: {},
    end_behavior: "release",
    livemode: false,
    metadata: metadata(params),
    pause_schedules: [],
    phases: [phaseOf(subscription, items, start, end)],
    released_at: null,
    released_subscription: null,
    status: "active",
    subscription: subscription.id,
    test_clock: null,
  } as unknown as Stripe.SubscriptionSchedule);
  subscription.schedule = schedule.id;
  world.emit("subscription_schedule.created", schedule);
  world.emit("customer.subscription.updated", subscription, { schedule: null });
  return schedule;
}

function phaseOf(
  subscription: Stripe.Subscription,
  items: readonly { readonly price: string; readonly quantity?: number }[],
  start: number,
  end: number,
): Stripe.SubscriptionSchedule.Phase {
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency: subscription.currency,
    default_payment_method: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    end_date: end,
    invoice_settings: null,
    items: items.map((item) => ({
      billing_thresholds: null,
      discounts: [],
      metadata: {},
      plan: item.price,
      ...item,
      tax_rates: [],
    })),
    metadata: {},
    on_behalf_of: null,
    proration_behavior: "create_prorations",
    start_date: start,
    transfer_data: null,
    trial_end: null,
  };
}

function updateSchedule(world: StripeWorld, params: Params, [id = ""]: readonly string[]) {
  const schedule = world.get("subscription_schedule", id);
  if (schedule.status !== "active" && schedule.status !== "not_started") {
    throw invalid(`You cannot update a subscription schedule that is currently in the \`${schedule.status}\` status.`);
  }
  const subscription = world.get("subscription", idOf(schedule.subscription));
  schedule.end_behavior = word(params, "end_behavior", ["release", "cancel"]) ?? schedule.end_behavior;
  schedule.metadata = metadata(params, schedule.metadata ?? {});
  const phases = hashes(params, "phases");
  if (phases !== undefined) {
    // Phases that are over may be left out; the present one may not.
    let start = schedule.current_phase?.start_date ?? world.now;
    schedule.phases = phases.map((phase, index) => {
      const sent = integer(phase, "start_date");
      if (sent !== undefined && sent !== start) {
        throw invalid("The start date of a phase must be the end date of the one before it.", `phases[${index}]`);
      }
      const items = (hashes(phase, "items") ?? []).map((item) => {
        const quantity = integer(item, "quantity");
        const price = world.get("price", required(item, "price"), `phases[${index}][items][0][price]`).id;
        return { price, ...(quantity === undefined ? {} : { quantity }) };
      });
      if (items.length === 0) throw invalid("A phase must have at least one item.", `phases[${index}][items]`);
      const end = phaseEnd(phase, start, index);
      const made = phaseOf(subscription, items, start, end);
      made.proration_behavior = word(phase, "proration_behavior", ["none", "create_prorations", "always_invoice"]) ??
        "create_prorations";
      start = end;
      return made;
    });
    const [first] = schedule.phases;
    if (first !== undefined && first.end_date < world.now) throw invalid("The current phase can not end in the past.");
    schedule.current_phase = first === undefined ? null : { start_date: first.start_date, end_date: first.end_date };
  }
  world.emit("subscription_schedule.updated", schedule);
  return schedule;
}

function phaseEnd(phase: Params, start: number, index: number): number {
  const end = integer(phase, "end_date");
  if (end !== undefined) {
    if (end <= start) throw invalid("The end date of a phase must be after its start.", `phases[${index}][end_date]`);
    return end;
  }
  const duration = hash(phase, "duration");
  const interval = word(duration, "interval", ["month", "year"]);
  if (interval === undefined) {
    throw invalid("A phase needs an `end_date` or a `duration`.", `phases[${index}][end_date]`, "parameter_missing");
  }
  return addMonths(start, (interval === "year" ? 12 : 1) * (integer(duration, "interval_count") ?? 1));
}

/** Lets a schedule act where a period ends: the next phase's items, or its own end. */
export function turnPhase(world: StripeWorld, subscription: Stripe.Subscription, at: number): void {
  if (subscription.schedule === null) return;
  const schedule = world.get("subscription_schedule", idOf(subscription.schedule));
  const phase = schedule.phases.find((one) => one.start_date <= at && one.end_date > at);
  if (phase === undefined) {
    releaseSchedule(world, subscription, "completed");
    return;
  }
  if (phase.start_date === schedule.current_phase?.start_date) return;
  schedule.current_phase = { start_date: phase.start_date, end_date: phase.end_date };
  const period = periodOf(subscription);
  subscription.items.data = phase.items.map(({ price, quantity }) => {
    const same = subscription.items.data.find((item) => item.price.id === price && item.quantity === quantity);
    if (same !== undefined) return same;
    return itemOf(world, subscription.id, { price: idOf(price as string), ...(quantity ? { quantity } : {}) }, period);
  });
  world.emit("subscription_schedule.updated", schedule);
}

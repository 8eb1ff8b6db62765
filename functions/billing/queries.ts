import { asResult, type DatabaseClient, rpc, run } from "../../shared/db/mod.ts";
import { conflict } from "../../shared/errors/mod.ts";
import type { UserContext } from "../../shared/http/mod.ts";
import type { Buyer } from "../../shared/billing/mod.ts";
import type { PricedPlan, Subscription } from "./schemas.ts";

const SUBSCRIPTION_COLUMNS =
  "id:stripe_subscription_id,status,plan:plan_id,interval:billing_interval,currency,seats,current_period_start," +
  "current_period_end,trial_end,cancel_at,cancel_at_period_end,scheduled_plan:scheduled_plan_id,past_due_since," +
  "has_payment_method,stripe_seat_item_id";

interface SubscriptionRow extends Omit<Subscription, "grace_ends_at"> {
  readonly stripe_seat_item_id: string | null;
}

const DAY = 86_400_000;

/** The subscription that gives the organization its plan; null = none. */
export async function findSubscription(context: UserContext): Promise<Subscription | null> {
  const { db, organizationId, env } = context;
  const [row] = await run(asResult<SubscriptionRow[]>(
    db.from("subscriptions").select(SUBSCRIPTION_COLUMNS).eq("organization_id", organizationId)
      .is("is_current", true).limit(1),
  ));
  if (row === undefined) return null;
  const { stripe_seat_item_id, ...subscription } = row;
  const since = subscription.past_due_since;
  return {
    ...subscription,
    // Without seats of its own the column holds the quantity of the plan.
    seats: stripe_seat_item_id === null ? 0 : subscription.seats,
    grace_ends_at: since === null ? null : new Date(Date.parse(since) + env.billingGraceDays * DAY).toISOString(),
  };
}

/**
 * The subscription that gives the organization its plan.
 *
 * @throws {AppError} `conflict` when there is none.
 */
export async function requireSubscription(context: UserContext): Promise<Subscription> {
  const subscription = await findSubscription(context);
  if (subscription === null) throw conflict("There is no subscription: begin with POST /billing/checkout");
  return subscription;
}

/** What Stripe last said of the customer. */
export interface CustomerRow {
  readonly email: string | null;
  readonly balance: number;
  readonly currency: string | null;
  readonly delinquent: boolean;
}

/** The customer; null = nothing was bought yet. */
export async function findCustomerRow({ db, organizationId }: UserContext): Promise<CustomerRow | null> {
  const [row] = await run(asResult<CustomerRow[]>(
    db.from("billing_customers").select("email,balance,currency,delinquent")
      .eq("organization_id", organizationId).limit(1),
  ));
  return row ?? null;
}

/** Whether the organization has had a trial. */
export async function hadTrial({ db, organizationId }: UserContext): Promise<boolean> {
  const rows = await run(asResult<unknown[]>(
    db.from("subscriptions").select("stripe_subscription_id").eq("organization_id", organizationId)
      .not("trial_end", "is", null).limit(1),
  ));
  return rows.length > 0;
}

interface Usage {
  readonly limits: readonly { readonly name: string; readonly used: number; readonly limit: number | null }[];
}

/** Members and open invitations, and how many there may be. */
export async function findSeats({ db, organizationId }: UserContext): Promise<{ used: number; limit: number | null }> {
  const { limits } = await rpc<Usage>(db, "get_organization_usage", { p_organization_id: organizationId });
  const members = limits.find(({ name }) => name === "members");
  return { used: members?.used ?? 0, limit: members?.limit ?? null };
}

/** Members beyond those that a plan includes: what its seats are paid for. Open invitations are no members yet. */
export async function countFurtherSeats({ db, organizationId }: UserContext, plan: string): Promise<number> {
  const [members, plans] = await Promise.all([
    db.from("organization_members").select("user_id", { count: "exact", head: true })
      .eq("organization_id", organizationId),
    run(asResult<{ included_seats: number }[]>(db.from("plans").select("included_seats").eq("id", plan))),
  ]);
  return Math.max(0, (members.count ?? 0) - (plans[0]?.included_seats ?? 0));
}

/** Who buys: the organization's name and the caller's address. */
export async function findBuyer({ db, organizationId, userId }: UserContext): Promise<Buyer> {
  const [organizations, profiles] = await Promise.all([
    run(asResult<{ name: string }[]>(db.from("organizations").select("name").eq("id", organizationId))),
    run(asResult<{ email: string | null }[]>(db.from("profiles").select("email").eq("id", userId))),
  ]);
  return { organizationId, name: organizations[0]?.name ?? "", email: profiles[0]?.email ?? null };
}

interface PlanRow extends Readonly<Record<string, unknown>> {
  readonly id: PricedPlan["plan"];
  readonly name: string;
}

/** The plans, the smaller first: what each allows. */
export async function findPlans(db: DatabaseClient): Promise<Pick<PricedPlan, "plan" | "name" | "limits">[]> {
  const rows = await run(asResult<PlanRow[]>(db.from("plans").select("*").order("queue_weight").order("id")));
  return rows.map(({ id, name, ...columns }) => ({ plan: id, name, limits: numbersOf(columns) }));
}

/** The limits among a plan's columns: those that are numbers, or null for none. */
function numbersOf(columns: Readonly<Record<string, unknown>>): Record<string, number | null> {
  const limits = Object.entries(columns).filter((entry): entry is [string, number | null] =>
    typeof entry[1] === "number" || entry[1] === null
  );
  return Object.fromEntries(limits);
}

/**
 * An organization that is a customer of Stripe's stand-in: its functions, its jobs, and what is known of it here.
 *
 * @module
 */
import {
  createStripe,
  reconcileBilling,
  type ReconcileOptions,
  type ReconcileReport,
  type SyncContext,
  workOffEvents,
} from "../../shared/billing/mod.ts";
import type { Router } from "../../shared/http/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { assertEquals } from "./assert.ts";
import type { ApiUser, TestApi } from "./api.ts";
import { withServedApi } from "./served_api.ts";
import { startStripe, type StripeOptions, type StripeServer } from "./stripe_server/mod.ts";

/** One event of the stand-in. */
export type StandInEvent = StripeServer["events"][number];

/** A tenant and Stripe. */
export interface BillingScene {
  readonly api: TestApi;
  readonly stripe: StripeServer;
  readonly context: SyncContext;
  /** Price ids by lookup key. */
  readonly prices: Readonly<Record<string, string>>;
  /** A new organization with its customer at Stripe. */
  addCustomer(): Promise<{ ada: ApiUser; customer: string }>;
  /** Posts an event to our route; answers what it was told. */
  deliver(event: StandInEvent): Promise<string>;
  /** Works off all that waits, as the jobs do. */
  workOff(): Promise<{ done: number; failed: number; waiting: number }>;
  /** Compares with Stripe, in as many parts as it takes. */
  reconcile(options?: ReconcileOptions): Promise<ReconcileReport>;
  /** What is known here of an organization, without when it was looked at. */
  stateOf(organizationId: string): Promise<unknown>;
}

/** Runs `fn` with these functions, billing among them, and a stand-in that has the plans' prices. `env`: further variables. */
export async function withBilling(
  routers: readonly Router[],
  fn: (scene: BillingScene) => Promise<void>,
  { env, ...options }: StripeOptions & { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  await using stripe = startStripe(options);
  const prices = stripe.addPlans();
  await withServedApi(routers, async (api) => {
    const context: SyncContext = {
      env: api.env,
      stripe: createStripe(api.env),
      log: createLog("test", { level: "error", write: () => {} }),
    };
    await fn({
      api,
      stripe,
      context,
      prices,
      async addCustomer() {
        const ada = await api.createUser();
        const { id } = await context.stripe.customers.create({
          email: ada.email,
          metadata: { organization_id: ada.organizationId },
        });
        await api.db.sql`select engine.put_billing_customer(${ada.organizationId}, ${id})`;
        return { ada, customer: id };
      },
      async deliver(event) {
        const { body, headers } = await stripe.delivery(event);
        const url = `${api.env.supabaseUrl}/functions/v1/billing/webhooks`;
        const response = await api.fetch(url, { method: "POST", body, headers });
        assertEquals(response.status, 200, await response.clone().text());
        return (await response.json()).status;
      },
      async workOff() {
        const sum = { done: 0, failed: 0, waiting: 0 };
        const keys = await api.db.sql`
          select distinct queue_key as key from private.stripe_events where status = 'received' order by 1`;
        for (const { key } of keys) {
          const { done, failed, waiting } = await workOffEvents(context, key);
          sum.done += done;
          sum.failed += failed;
          sum.waiting += waiting;
        }
        return sum;
      },
      async reconcile(options) {
        for (;;) {
          const now = new Date(stripe.now * 1000);
          const report = await reconcileBilling(context, { now, goesOn: true, ...options });
          if (report?.is_whole) return report;
        }
      },
      async stateOf(organizationId) {
        const [row] = await api.db.sql`
          select jsonb_build_object(
            'plan', (select o.plan_id from public.organizations o where o.id = ${organizationId}),
            'customer', (
              select to_jsonb(c) - '{synced_at,sync_ticket,created_at}'::text[] from public.billing_customers c
              where c.organization_id = ${organizationId}
            ),
            'subscriptions', (
              select jsonb_agg(to_jsonb(s) - '{synced_at,sync_ticket}'::text[] order by s.stripe_subscription_id)
              from public.subscriptions s where s.organization_id = ${organizationId}
            ),
            'invoices', (
              select jsonb_agg(to_jsonb(i) - '{synced_at,sync_ticket}'::text[] order by i.stripe_invoice_id)
              from public.invoices i where i.organization_id = ${organizationId}
            )
          ) as state`;
        return row?.state;
      },
    });
    assertEquals(stripe.faults, []);
  }, { env: { ...stripe.env, ...env } });
}

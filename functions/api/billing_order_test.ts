/**
 * Lives of subscriptions, told badly: while Stripe goes on changing, its events come late, in any order, twice or never,
 * and fetches overtake each other. What is known here at the end is what Stripe says, once it was compared.
 *
 * BILLING_LIVES = how many lives, BILLING_SEED = which.
 *
 * @module
 */
import { syncSubscription } from "../../shared/billing/mod.ts";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { type BillingScene, type StandInEvent, withBilling as withScene } from "../../tests/helpers/billing_scene.ts";
import { loadRouters } from "./open_api.ts";
import { type Random, randomOf } from "../../tests/integration/_random.ts";

const ROUTERS = (await loadRouters()).filter(({ name }) => name === "billing");
const LIVES = Number(Deno.env.get("BILLING_LIVES") ?? 4);
const SEED = Number(Deno.env.get("BILLING_SEED") ?? 7);

/** What may happen to a customer at Stripe. */
const STEPS: readonly ((scene: BillingScene, customer: string) => Promise<void> | void)[] = [
  ({ stripe, prices }, customer) =>
    void stripe.subscribe({ customer, items: [{ price: prices.millrace_pro_month ?? "", quantity: 1 }] }),
  ({ stripe }, customer) => {
    stripe.setPayment(customer, "fails");
    stripe.advance({ days: 31 });
  },
  ({ stripe }, customer) => stripe.payOpenInvoices(customer),
  async ({ context, stripe, prices }, customer) => {
    const subscription = stripe.world.all("subscription").find((one) => one.customer === customer);
    const [item] = subscription?.items.data ?? [];
    if (subscription === undefined || item === undefined) return;
    await context.stripe.subscriptions.update(subscription.id, {
      items: [{ id: item.id, price: prices.millrace_team_month ?? "" }],
      proration_behavior: "always_invoice",
    });
  },
  ({ stripe }, customer) => {
    const charge = stripe.world.all("charge").find((one) => one.customer === customer && one.paid);
    if (charge !== undefined) stripe.refund(charge.id, 100);
  },
  async ({ context, stripe }, customer) => {
    const subscription = stripe.world.all("subscription").find((one) => one.customer === customer);
    if (subscription !== undefined) await context.stripe.subscriptions.cancel(subscription.id);
  },
];

/** Tells some of the events that wait, each once or twice, in any order; one of many never. */
async function tellSome(scene: BillingScene, waiting: StandInEvent[], random: Random, all: boolean): Promise<number> {
  let lost = 0;
  const told = waiting.filter(() => all || random.chance(0.5));
  for (const event of told) waiting.splice(waiting.indexOf(event), 1);
  while (told.length > 0) {
    const event = random.pick(told);
    told.splice(told.indexOf(event), 1);
    if (random.chance(0.1)) {
      lost++;
      continue;
    }
    await scene.deliver(event);
    if (random.chance(0.2)) await scene.deliver(event);
    if (random.chance(0.3)) await scene.workOff();
  }
  return lost;
}

Deno.test(`${LIVES} lives of subscriptions, told late, twice, in any order or never, end as Stripe has them`, () =>
  withScene(ROUTERS, async (scene) => {
    const { context, stripe } = scene;
    const random = randomOf(SEED);
    let lost = 0;
    for (let life = 0; life < LIVES; life++) {
      const { ada, customer } = await scene.addCustomer();
      const waiting: StandInEvent[] = [];
      const from = stripe.events.length;
      let seen = from;
      // One of the fetches began at some step and is written steps later: the route of a plan change, say.
      let slow: Promise<unknown> = Promise.resolve();
      for (const step of STEPS) {
        await step(scene, customer);
        waiting.push(...stripe.events.slice(seen));
        seen = stripe.events.length;
        lost += await tellSome(scene, waiting, random, false);
        const subscription = stripe.world.all("subscription").find((one) => one.customer === customer);
        if (subscription !== undefined && random.chance(0.3)) slow = syncSubscription(context, subscription.id);
      }
      await slow;
      lost += await tellSome(scene, waiting, random, true);
      assertEquals((await scene.workOff()).waiting, 0);
      await scene.reconcile();
      assertEquals((await scene.workOff()).waiting, 0);

      const found = await scene.stateOf(ada.organizationId);
      // What somebody who knew nothing before would have found.
      await scene.api.db.sql`
        delete from public.subscriptions where organization_id = ${ada.organizationId}`;
      await scene.api.db.sql`delete from public.invoices where organization_id = ${ada.organizationId}`;
      for (const event of stripe.events.slice(from)) {
        await scene.api.db.sql`delete from private.stripe_events where id = ${event.id}`;
        await scene.deliver(event);
      }
      assertEquals((await scene.workOff()).waiting, 0);
      assertEquals(await scene.stateOf(ada.organizationId), found, `life ${life} of seed ${SEED}`);

      const told = await scene.api.db.sql`
        select template, key, count(*)::int as count from public.mails where organization_id = ${ada.organizationId}
        group by template, key having count(*) > 1`;
      assertEquals([...told], []);
    }
    console.log(`${LIVES} lives, ${stripe.events.length} events, ${lost} of them lost`);
  }));

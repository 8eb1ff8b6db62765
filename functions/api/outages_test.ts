/**
 * Stripe down, Resend down, both slow, with a real worker between them: nothing is lost, people are told, SMTP takes over,
 * and all is as usual by itself afterwards.
 *
 * @module
 */
import { workOffEvents } from "../../shared/billing/mod.ts";
import { backgroundSettled } from "../../shared/http/mod.ts";
import type { AnyBody, ApiReply, ApiUser } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { type BillingScene, withBilling } from "../../tests/helpers/billing_scene.ts";
import { RESEND_KEY, type ResendServer, startResend } from "../../tests/helpers/resend_server.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { type SmtpServer, startSmtp } from "../../tests/helpers/smtp_server.ts";
import { until } from "../../tests/helpers/until.ts";
import { loadRouters } from "./open_api.ts";

const ROUTERS = (await loadRouters()).filter(({ name }) => name === "billing" || name === "worker");

/** What waits on anything, by its kind; a row with the status that it ends in is at rest. */
interface Unsettled {
  readonly events: number;
  readonly jobs: number;
  readonly mails: number;
}

const SETTLED: Unsettled = { events: 0, jobs: 0, mails: 0 };

/** A platform between Stripe, Resend and an SMTP server. */
interface Platform extends BillingScene {
  readonly smtp: SmtpServer;
  /** Resend as it is now. */
  readonly resend: ResendServer;
  /** Nobody listens at Resend's address. */
  takeResendAway(): Promise<void>;
  bringResendBack(): void;
  /** A subscription of a customer at Stripe. */
  subscribe(customer: string, plan: string): void;
  /** Posts what Stripe has to tell since the last time; each event is acknowledged. Answers how many were new. */
  tellAll(): Promise<number>;
  /** Time goes on for what waits for a later attempt, and a worker does what is due. */
  pass(): Promise<void>;
  /** What is not at rest. */
  unsettled(): Promise<Unsettled>;
  /** Passes until everything is at rest. */
  settle(): Promise<void>;
  /** An alert to one address. */
  alert(): Promise<void>;
  planOf(user: ApiUser): Promise<string>;
  /** `template provider` of each mail that was sent, in alphabetical order. */
  sentMails(): Promise<string[]>;
}

function withPlatform(fn: (platform: Platform) => Promise<void>): Promise<void> {
  const stands: ResendServer[] = [startResend()];
  const current = () => stands.at(-1)!;
  const { url } = current();
  return withSmtp((smtp) =>
    withBilling(ROUTERS, async (scene) => {
      const { api, stripe, prices } = scene;
      let told = 0;
      let alerts = 0;
      const platform: Platform = {
        ...scene,
        smtp,
        get resend() {
          return current();
        },
        takeResendAway: async () => await current()[Symbol.asyncDispose](),
        bringResendBack: () => void stands.push(startResend({ port: Number(new URL(url).port) })),
        subscribe(customer, plan) {
          stripe.subscribe({ customer, items: [{ price: prices[`millrace_${plan}_month`] ?? "", quantity: 1 }] });
        },
        async tellAll() {
          const events = stripe.events.slice(told);
          told = stripe.events.length;
          const answers: string[] = [];
          // Stripe sends several at once and in any order.
          for (const event of events.toReversed()) answers.push(await scene.deliver(event));
          return answers.filter((answer) => answer === "received").length;
        },
        async pass() {
          await api.db.sql`
            update public.job_queue set scheduled_for = now(), status = 'available'
            where status not in ('available', 'blocked') or scheduled_for > now()`;
          await api.db.sql`update public.mails set scheduled_for = now() where status = 'queued'`;
          await api.db.sql`update public.mails set leased_until = now() where status = 'sending'`;
          // What the task mails does each minute.
          await api.db.sql`select private.keep_mails()`;
          assertEquals((await api.operator.post("/worker/wake")).status, 202);
          await backgroundSettled();
        },
        async unsettled() {
          const [row] = await api.db.sql`
            select
              (select count(*)::int from private.stripe_events where status = 'received') as events,
              (select count(*)::int from public.job_queue where type in ('billing.sync', 'mail.send'))
                + (select count(*)::int from public.job_history where status = 'dead') as jobs,
              (select count(*)::int from public.mails where status <> 'sent') as mails`;
          return { events: row?.events, jobs: row?.jobs, mails: row?.mails };
        },
        async settle() {
          await until(async () => {
            await platform.pass();
            return JSON.stringify(await platform.unsettled());
          }, (found) => found === JSON.stringify(SETTLED));
        },
        async alert() {
          alerts++;
          await api.db.sql`
            select private.send_mail(null, 'alert', ${`ops${alerts}@example.com`}, '{"title": "Hm"}', ${`${alerts}`})`;
        },
        async planOf(user) {
          const [row] = await api.db.sql`select plan_id from public.organizations where id = ${user.organizationId}`;
          return row?.plan_id;
        },
        async sentMails() {
          const rows = await api.db.sql`select template, provider from public.mails where status = 'sent'`;
          return rows.map(({ template, provider }) => `${template} ${provider}`).sort();
        },
      };
      await fn(platform);
      // Each mail once, whoever took it, and no mail that we do not know of.
      const rows = await api.db.sql`select id, provider from public.mails order by id`;
      const byResend = stands.flatMap(({ taken }) => taken).map(({ headers }) => headers?.["X-Entity-Ref-ID"]);
      const bySmtp = smtp.taken.map((message) => message.header("x-entity-ref-id"));
      const of = (name: string) => rows.filter(({ provider }) => provider === name).map(({ id }) => id);
      assertEquals([byResend.sort(), bySmtp.sort()], [of("resend"), of("smtp")]);
      assertEquals([stands.flatMap(({ faults }) => faults), smtp.faults], [[], []]);
      const open = await api.db.sql`select id from private.stripe_events where status not in ('done', 'ignored')`;
      assertEquals(open.length, 0);
    }, {
      env: {
        RESEND_API_KEY: RESEND_KEY,
        RESEND_BASE_URL: url,
        SMTP_URL: smtp.url,
        EMAIL_RATE: "50",
        FRONTEND_URL: "https://app.test",
      },
    })
  ).finally(async () => await current()[Symbol.asyncDispose]());
}

async function withSmtp(fn: (smtp: SmtpServer) => Promise<void>): Promise<void> {
  await using smtp = startSmtp();
  await fn(smtp);
}

/** Buys, as somebody whose organization has nothing yet. */
function checkOut(user: ApiUser): Promise<ApiReply<AnyBody>> {
  return user.post("/billing/checkout", { plan: "pro", interval: "month" });
}

/** Whoever wants something of Stripe is told that it is away, and when to come back. */
function assertRefusedForNow(reply: ApiReply<AnyBody>): void {
  expectProblem(reply, "service_unavailable");
  assert(Number(reply.headers.get("retry-after")) > 0, "it says when to come back");
  assertStringIncludes(reply.body.detail ?? "", "Stripe");
}

/** What is shown of billing while Stripe is not to be had. */
async function assertShown(user: ApiUser, plan: string, isPreviewed = false): Promise<void> {
  const { status, body } = await user.get("/billing");
  assertEquals([status, body.plan], [200, plan]);
  if (plan !== "free") assertEquals(body.next_invoice_unavailable, !isPreviewed);
}

Deno.test("Stripe and Resend away: events wait, people are told, SMTP takes over, and both come back by themselves", () =>
  withPlatform(async (platform) => {
    const { api, stripe, smtp } = platform;
    const [ada, bob] = [await platform.addCustomer(), await platform.addCustomer()];
    const carol = await api.createUser();
    stripe.mood.fail = { status: 503 };
    await platform.takeResendAway();

    platform.subscribe(ada.customer, "pro");
    platform.subscribe(bob.customer, "team");
    assert(await platform.tellAll() > 4, "all of them are acknowledged");
    await platform.pass();
    await platform.pass();
    assertEquals([await platform.planOf(ada.ada), await platform.planOf(bob.ada)], ["free", "free"]);
    const { events, jobs } = await platform.unsettled();
    assert(events > 4 && jobs >= 2, `${events} events and ${jobs} jobs wait`);
    await assertShown(ada.ada, "free");
    assertRefusedForNow(await checkOut(carol));
    assertRefusedForNow(await ada.ada.post("/billing/portal", {}));

    // An outage of hours: no attempt makes a dead letter, and the next one is never more than five minutes away.
    await api.db.sql`update public.job_queue set attempts = max_attempts - 1 where type = 'billing.sync'`;
    await platform.pass();
    const waiting = await api.db.sql`
      select attempts < max_attempts as may, scheduled_for > now() and scheduled_for <= now() + interval '5 minutes' as soon
      from public.job_queue where type = 'billing.sync'`;
    assertEquals([waiting.length, waiting.every(({ may, soon }) => may && soon)], [jobs, true]);
    assertEquals((await api.db.sql`select id from public.job_history where status = 'dead'`).length, 0);

    // Stripe is back, Resend is not.
    stripe.mood.fail = null;
    await platform.settle();
    assertEquals([await platform.planOf(ada.ada), await platform.planOf(bob.ada)], ["pro", "team"]);
    assertEquals(await platform.sentMails(), ["receipt smtp", "receipt smtp"]);
    assertEquals(smtp.taken.flatMap(({ to }) => to).sort(), [ada.ada.email, bob.ada.email].sort());
    await assertShown(ada.ada, "pro", true);
    assertEquals((await checkOut(carol)).status, 200);

    // Resend is back, and asked again by itself as soon as its breaker lets one through.
    platform.bringResendBack();
    await until(async () => {
      await platform.alert();
      await platform.pass();
      return (await platform.sentMails()).includes("alert resend");
    });
    await platform.settle();

    // A month later, one payment fails while Stripe is away again.
    const before = (await platform.sentMails()).length;
    stripe.setPayment(bob.customer, "fails");
    stripe.advance({ days: 31 });
    stripe.mood.fail = { status: 500 };
    assert(await platform.tellAll() > 4);
    await platform.pass();
    await assertShown(bob.ada, "team");
    assertEquals((await platform.sentMails()).length, before);
    stripe.mood.fail = null;
    await platform.settle();
    const sent = await platform.sentMails();
    assertEquals(sent.filter((mail) => !mail.startsWith("alert")), [
      "payment_failed resend",
      "receipt resend",
      "receipt smtp",
      "receipt smtp",
    ]);
    // Whose payment failed keeps the plan for the days of grace.
    assertEquals([await platform.planOf(ada.ada), await platform.planOf(bob.ada)], ["pro", "team"]);
  }));

Deno.test("Resend answers 503: what it may have taken waits for it, the rest goes by SMTP, nothing goes twice", () =>
  withPlatform(async (platform) => {
    const { resend, stripe } = platform;
    const customers = [await platform.addCustomer(), await platform.addCustomer(), await platform.addCustomer()];
    resend.mood.fail = { status: 503, name: "service_unavailable" };
    for (const { customer } of customers) platform.subscribe(customer, "pro");
    await platform.tellAll();
    // The breaker opens after the second: the others need not wait for the end.
    await until(async () => {
      await platform.alert();
      await platform.pass();
      return (await platform.sentMails()).some((mail) => mail.endsWith(" smtp"));
    });
    for (const { ada } of customers) assertEquals(await platform.planOf(ada), "pro");
    resend.mood.fail = null;
    await platform.settle();
    const sent = await platform.sentMails();
    assertEquals(sent.filter((mail) => mail.startsWith("receipt")).length, 3);
    assert(sent.some((mail) => mail.endsWith(" resend")));
    assertEquals(stripe.world.all("invoice").length, 3);
  }));

Deno.test("both slow: within the limits all is done, only later; beyond them it is tried again, once each", () =>
  withPlatform(async (platform) => {
    const { api, resend, stripe } = platform;
    const [ada, bob] = [await platform.addCustomer(), await platform.addCustomer()];
    const carol = await api.createUser();
    // What Stripe tells of prices is not the matter here.
    await platform.tellAll();
    await platform.settle();
    // Within: longer than somebody waits for the next invoice, shorter than a call is given.
    stripe.mood.slowMs = 3_500;
    resend.mood.slowMs = 2_000;
    platform.subscribe(ada.customer, "pro");
    await platform.tellAll();
    const [within] = await Promise.all([checkOut(carol), platform.pass()]);
    assertEquals(within.status, 200, JSON.stringify(within.body));
    await platform.settle();
    assertEquals(await platform.planOf(ada.ada), "pro");
    await assertShown(ada.ada, "pro");
    assertEquals(await platform.sentMails(), ["receipt resend"]);

    // Beyond: nobody hears an answer, though Resend does take the mail.
    stripe.mood.slowMs = 11_000;
    resend.mood.slowMs = 21_000;
    platform.subscribe(bob.customer, "team");
    await platform.tellAll();
    await platform.alert();
    const [refused] = await Promise.all([checkOut(bob.ada), assertShown(ada.ada, "pro"), platform.pass()]);
    assertRefusedForNow(refused);
    assertEquals([await platform.planOf(bob.ada), await platform.sentMails()], ["free", ["receipt resend"]]);
    assertEquals(resend.taken.length, 2);

    stripe.mood.slowMs = 0;
    resend.mood.slowMs = 0;
    await platform.settle();
    assertEquals(await platform.planOf(bob.ada), "team");
    // The alert was Resend's, and it knows it by its key; the receipt came while its breaker was open, or after.
    const sent = (await platform.sentMails()).map((mail) => mail.replace("receipt smtp", "receipt resend"));
    assertEquals(sent, ["alert resend", "receipt resend", "receipt resend"]);
  }));

Deno.test("a Stripe that is too slow for all events at once is worked off in parts, and each part is kept", () =>
  withPlatform(async (platform) => {
    const { ada, customer } = await platform.addCustomer();
    platform.subscribe(customer, "pro");
    let left = await platform.tellAll();
    let parts = 0;
    for (; left > 0; parts++) {
      const { done, failed, waiting, isOutage } = await workOffEvents(platform.context, customer, 0);
      assert(done > 0 && failed === 0 && !isOutage, "each brings it on");
      left = waiting;
    }
    assert(parts > 2, `${parts} parts`);
    assertEquals(await platform.planOf(ada), "pro");
    await platform.settle();
    assertEquals(await platform.sentMails(), ["receipt resend"]);
  }));

/**
 * What providers tell of mails, in every order and doubled, and who gets none because of it.
 *
 * @module
 */
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { type Arguments, assertFails, createTenant, rpc, service } from "./_world.ts";

interface SentMail {
  id: string;
  messageId: string;
}

interface MailOptions {
  organization?: string | null;
  template?: string;
  to?: string;
}

let count = 0;

function newMail(db: TestDatabase, { organization = null, template = "alert", to = "ada@example.com" }: MailOptions) {
  return db.sql`select private.send_mail(${organization}, ${template}, ${to}, '{}', ${`mail ${++count}`}) as id`;
}

/** A mail that Resend took. */
async function sentMail(db: TestDatabase, options: MailOptions = {}): Promise<SentMail> {
  const [row] = await newMail(db, options);
  const messageId = `message-${row?.id}`;
  await db.sql`
    update public.mails set status = 'sent', provider = 'resend', provider_message_id = ${messageId}, sent_at = now(), ended_at = now()
    where id = ${row?.id}`;
  return { id: row?.id, messageId };
}

interface EventOptions {
  id?: string;
  at?: string;
  detail?: Record<string, string | null>;
  mailId?: string;
}

async function tell(db: TestDatabase, messageId: string, type: string, options: EventOptions = {}): Promise<string> {
  const { status } = await service<{ status: string }>(db, "receive_mail_event", {
    p_event: {
      provider: "resend",
      event_id: options.id ?? `event-${++count}`,
      message_id: messageId,
      mail_id: options.mailId ?? null,
      type,
      detail: options.detail ?? null,
      occurred_at: options.at ?? "2026-11-20T10:00:00Z",
    },
  } as Arguments);
  return status;
}

const HARD = { type: "Permanent", subtype: "General", message: "no such mailbox" };
const SOFT = { type: "Transient", subtype: "MailboxFull", message: "mailbox full" };

async function mailOf(db: TestDatabase, id: string) {
  const [row] = await db.sql`
    select status, error ->> 'code' as code, opens, clicks, delivered_at, opened_at, clicked_at, is_unsure
    from public.mails where id = ${id}`;
  return { ...row } as Record<string, unknown>;
}

async function isSuppressed(db: TestDatabase, tenant: string | null, category: string, to = "ada@example.com") {
  const [row] = await db.sql`
    select private.is_suppressed(coalesce(${tenant}::uuid, private.platform_id()), ${to}, ${category}) as is`;
  return row?.is as boolean;
}

/** Every order of some things. */
function* permutations<T>(things: readonly T[]): Generator<T[]> {
  if (things.length <= 1) yield [...things];
  for (const [index, first] of things.entries()) {
    for (const rest of permutations([...things.slice(0, index), ...things.slice(index + 1)])) yield [first, ...rest];
  }
}

/** What can be told of one mail, and what is true of it in the end. */
const STORIES: readonly { told: readonly (readonly [type: string, detail?: Record<string, string>])[]; end: string }[] =
  [
    { told: [["sent"], ["delivered"], ["opened"], ["clicked"]], end: "delivered" },
    { told: [["sent"], ["delivered"], ["opened"], ["complained"]], end: "complained" },
    { told: [["sent"], ["delayed"], ["bounced", HARD]], end: "bounced" },
    { told: [["sent"], ["bounced", SOFT], ["delivered"], ["opened"]], end: "delivered" },
    { told: [["bounced", SOFT], ["bounced", HARD], ["delivered"]], end: "bounced" },
    { told: [["delivered"], ["bounced", HARD], ["complained"]], end: "complained" },
    { told: [["sent"], ["failed"], ["suppressed"]], end: "suppressed" },
    { told: [["opened"]], end: "delivered" },
  ];

scenarios("mail events", {
  "receive_mail_event()": {
    "comes to the same end in every order, each event doubled": async (db) => {
      for (const { told, end } of STORIES) {
        const ends = new Set<string>();
        let orders = 0;
        for (const order of permutations(told)) {
          const { organizationId } = await createTenant(db);
          const mail = await sentMail(db, { organization: organizationId });
          const events = order.map(([type, detail]) => ({ type, detail, id: `event-${++count}` }));
          for (const { type, detail, id } of [...events, ...events.toReversed()]) {
            await tell(db, mail.messageId, type, { id, ...(detail && { detail }) });
          }
          const list = await db.sql`
            select scope, reason from public.mail_suppressions where tenant_id = ${organizationId} order by scope`;
          ends.add(JSON.stringify([await mailOf(db, mail.id), list]));
          orders++;
        }
        assertEquals(ends.size, 1, `${end}: ${[...ends].join("\n")}`);
        assertEquals(JSON.parse([...ends][0]!)[0].status, end);
        assert(orders >= 1);
      }
    },

    "counts each open and click once, and keeps the first moment": async (db) => {
      const mail = await sentMail(db);
      await tell(db, mail.messageId, "opened", { id: "o1", at: "2026-11-20T12:00:00Z" });
      assertEquals(await tell(db, mail.messageId, "opened", { id: "o1", at: "2026-11-20T12:00:00Z" }), "duplicate");
      await tell(db, mail.messageId, "opened", { id: "o2", at: "2026-11-20T11:00:00Z" });
      await tell(db, mail.messageId, "clicked", { id: "c1", at: "2026-11-20T13:00:00Z" });
      const { opens, clicks, opened_at, clicked_at } = await mailOf(db, mail.id);
      assertEquals([opens, clicks, new Date(opened_at as string), new Date(clicked_at as string)], [
        2,
        1,
        new Date("2026-11-20T11:00:00Z"),
        new Date("2026-11-20T13:00:00Z"),
      ]);
    },

    "is the answer that a sender never got": async (db) => {
      const [row] = await newMail(db, { template: "magic_link" });
      await db.sql`
        update public.mails set status = 'sending', is_unsure = true, batch_id = gen_random_uuid(), provider = 'resend',
          leased_until = now() + interval '1 minute' where id = ${row?.id}`;
      // Its sender may still be writing it down.
      assertEquals(await tell(db, "m-1", "delivered", { mailId: row?.id }), "pending");
      assertEquals((await mailOf(db, row?.id)).status, "sending");
      await db.sql`update public.mails set leased_until = now() - interval '1 second' where id = ${row?.id}`;
      const [kept] = await db.sql`select private.keep_mail_events() as applied`;
      assertEquals(kept?.applied, 1);
      const mail = await mailOf(db, row?.id);
      assertEquals([mail.status, mail.is_unsure], ["delivered", false]);
      assertEquals((await db.sql`select from private.mail_data where mail_id = ${row?.id}`).length, 0);
      // The next event finds it by what the provider calls it.
      assertEquals(await tell(db, "m-1", "opened"), "applied");
      const [failed] = await newMail(db, {});
      await db.sql`
        update public.mails set status = 'failed', ended_at = now(), error = '{"code": "outcome_unknown", "message": "?"}'
        where id = ${failed?.id}`;
      assertEquals(await tell(db, "m-2", "sent", { mailId: failed?.id }), "applied");
      assertEquals((await mailOf(db, failed?.id)).status, "sent");
    },

    "waits for a mail that is not known yet, and ignores what is of none": async (db) => {
      assertEquals(await tell(db, "early", "delivered"), "pending");
      assertEquals(await tell(db, "strange", "bounced", { detail: HARD }), "pending");
      const mail = await sentMail(db);
      await db.sql`update public.mails set provider_message_id = 'early' where id = ${mail.id}`;
      await db.sql`select private.keep_mail_events()`;
      assertEquals((await mailOf(db, mail.id)).status, "delivered");
      await db.sql`update public.mail_events set received_at = now() - interval '11 minutes' where status = 'pending'`;
      await db.sql`select private.keep_mail_events()`;
      const [strange] = await db.sql`select status from public.mail_events where provider_message_id = 'strange'`;
      assertEquals(strange?.status, "ignored");
      await db.sql`update public.mail_events set received_at = now() - interval '3 days' where status = 'ignored'`;
      await db.sql`select private.keep_mail_events()`;
      assertEquals((await db.sql`select from public.mail_events where provider_message_id = 'strange'`).length, 0);
    },

    "keeps what cannot be applied, and applies it later": async (db) => {
      const mail = await sentMail(db);
      await db.sql`alter table public.mails add constraint no_opens check (opens = 0) not valid`;
      assertEquals(await tell(db, mail.messageId, "opened"), "failed");
      const [event] = await db.sql`select status, error, mail_id from public.mail_events order by id desc limit 1`;
      assertEquals([event?.status, event?.error.slice(0, 5), event?.mail_id], ["failed", "23514", null]);
      await db.sql`alter table public.mails drop constraint no_opens`;
      await db.sql`select private.keep_mail_events()`;
      assertEquals((await mailOf(db, mail.id)).opens, 1);
    },

    "tells the webhooks of the organization once": async (db) => {
      const { organizationId } = await createTenant(db);
      await db.sql`
        insert into public.webhook_subscriptions (organization_id, url, event_types)
        values (${organizationId}, 'https://example.com/hooks', '{email.bounced,email.complained}')`;
      const [bounced, spam] = [
        await sentMail(db, { organization: organizationId }),
        await sentMail(db, { organization: organizationId, to: "bob@example.com" }),
      ];
      for (const id of ["b1", "b2"]) await tell(db, bounced.messageId, "bounced", { id, detail: HARD });
      await tell(db, spam.messageId, "complained");
      const messages = await db.sql`
        select type, data, order_key from public.webhook_messages where organization_id = ${organizationId} order by id`;
      assertEquals(messages.map((message) => ({ ...message })), [
        {
          type: "email.bounced",
          data: { id: bounced.id, to: "ada@example.com", template: "alert", reason: "no such mailbox" },
          order_key: bounced.id,
        },
        {
          type: "email.complained",
          data: { id: spam.id, to: "bob@example.com", template: "alert", reason: null },
          order_key: spam.id,
        },
      ]);
    },
  },

  "the list": {
    "keeps everything from a mailbox that is none, and tries what is needed again after a week": async (db) => {
      const { organizationId } = await createTenant(db);
      const mail = await sentMail(db, { organization: organizationId, to: "Gone@Example.com" });
      await tell(db, mail.messageId, "bounced", { detail: HARD });
      for (const category of ["transactional", "alerts", "digests"]) {
        assert(await isSuppressed(db, organizationId, category, "gone@example.com"), category);
      }
      const [next] = await newMail(db, { organization: organizationId, to: "GONE@example.com", template: "receipt" });
      assertEquals((await mailOf(db, next?.id)).status, "suppressed");
      await db.sql`update public.mail_suppressions set created_at = now() - interval '8 days'`;
      assert(!await isSuppressed(db, organizationId, "transactional", "gone@example.com"));
      assert(await isSuppressed(db, organizationId, "alerts", "gone@example.com"));
      const again = await sentMail(db, { organization: organizationId, to: "gone@example.com", template: "receipt" });
      await tell(db, again.messageId, "bounced", { detail: HARD });
      assert(await isSuppressed(db, organizationId, "transactional", "gone@example.com"));
    },

    "a full mailbox is none": async (db) => {
      const { organizationId } = await createTenant(db);
      const mail = await sentMail(db, { organization: organizationId });
      await tell(db, mail.messageId, "bounced", { detail: SOFT });
      assert(!await isSuppressed(db, organizationId, "alerts"));
    },

    "a complaint keeps what can be switched off, until its author wants it again": async (db) => {
      const { organizationId } = await createTenant(db);
      const mail = await sentMail(db, { organization: organizationId });
      await tell(db, mail.messageId, "complained");
      assert(await isSuppressed(db, organizationId, "alerts"));
      assert(await isSuppressed(db, organizationId, "product"));
      assert(!await isSuppressed(db, organizationId, "transactional"));
      const { preferences } = await service<{ preferences: unknown }>(db, "set_mail_preferences", {
        p_mail_id: mail.id,
        p_wanted: { alerts: true },
      });
      assertEquals(preferences, { alerts: true, digests: false, product: false });
      assert(!await isSuppressed(db, organizationId, "alerts"));
      assert(await isSuppressed(db, organizationId, "product"));
    },

    "of one tenant is nothing to another, nor to the platform": async (db) => {
      const [ada, bob] = [await createTenant(db), await createTenant(db)];
      const mail = await sentMail(db, { organization: ada.organizationId, to: "shared@example.com" });
      await tell(db, mail.messageId, "bounced", { detail: HARD });
      await tell(
        db,
        (await sentMail(db, { organization: ada.organizationId, to: "spam@example.com" })).messageId,
        "complained",
      );
      for (const tenant of [bob.organizationId, null]) {
        for (const to of ["shared@example.com", "spam@example.com"]) {
          assert(!await isSuppressed(db, tenant, "alerts", to));
        }
      }
      await assertFails(
        rpc(db, bob.user, "suppress_address", { p_organization_id: ada.organizationId, p_address: "x@example.com" }),
        "not_found",
        404,
      );
      const [row] = await db.sql`select id from public.mail_suppressions where address = 'shared@example.com'`;
      await assertFails(rpc(db, bob.user, "lift_suppression", { p_suppression_id: row?.id }), "not_found", 404);
    },

    "is written by hand, and lifted, but for what receivers said": async (db) => {
      const { user, organizationId } = await createTenant(db);
      const args = { p_organization_id: organizationId, p_address: "Eve@Example.com", p_note: "asked by phone" };
      const made = await rpc<{ id: string; address: string }>(db, user, "suppress_address", args);
      assertEquals(made.address, "eve@example.com");
      await assertFails(rpc(db, user, "suppress_address", args), "conflict", 409);
      await assertFails(rpc(db, user, "suppress_address", { ...args, p_address: "eve" }), "invalid_request", 400);
      assert(await isSuppressed(db, organizationId, "transactional", "eve@example.com"));
      await rpc(db, user, "lift_suppression", { p_suppression_id: made.id });
      assert(!await isSuppressed(db, organizationId, "transactional", "eve@example.com"));
      const actions = await db.sql`
        select action from public.audit_events where organization_id = ${organizationId} and target_id = ${made.id} order by id`;
      assertEquals(actions.map(({ action }) => action), ["mail_suppression.created", "mail_suppression.deleted"]);
      const mail = await sentMail(db, { organization: organizationId });
      await service(db, "unsubscribe_mail", { p_mail_id: mail.id });
      const [row] = await db.sql`
        select id, reason, scope, mail_id from public.mail_suppressions where organization_id = ${organizationId}`;
      assertEquals([row?.reason, row?.scope, row?.mail_id], ["unsubscribed", "alerts", mail.id]);
      await assertFails(rpc(db, user, "lift_suppression", { p_suppression_id: row?.id }), "conflict", 409);
    },
  },

  "preferences": {
    "one click ends one category, any number of times; what is needed stays": async (db) => {
      const { organizationId } = await createTenant(db);
      const mail = await sentMail(db, { organization: organizationId, template: "weekly_digest" });
      for (let n = 0; n < 3; n++) {
        const reply = await service<{ category: string; preferences: unknown }>(db, "unsubscribe_mail", {
          p_mail_id: mail.id,
        });
        assertEquals([reply.category, reply.preferences], ["digests", { alerts: true, digests: false, product: true }]);
      }
      assertEquals(
        (await db.sql`
        select from public.mail_suppressions where organization_id = ${organizationId}`).length,
        1,
      );
      assert(await isSuppressed(db, organizationId, "digests", "ADA@example.com"));
      const receipt = await sentMail(db, { organization: organizationId, template: "receipt", to: "bob@example.com" });
      await service(db, "unsubscribe_mail", { p_mail_id: receipt.id });
      assert(!await isSuppressed(db, organizationId, "transactional", "bob@example.com"));
      assertEquals(await service(db, "unsubscribe_mail", { p_mail_id: crypto.randomUUID() }), null);
    },

    "are those of the caller's own address, in their organization": async (db) => {
      const { user, organizationId } = await createTenant(db);
      const args = { p_organization_id: organizationId };
      const all = { alerts: true, digests: true, product: true };
      assertEquals<unknown>(await rpc(db, user, "get_mail_preferences", args), all);
      const changed = { ...all, alerts: false };
      const set = await rpc(db, user, "set_mail_preferences", { ...args, p_wanted: { alerts: false } });
      assertEquals<unknown>(set, changed);
      assertEquals<unknown>(await rpc(db, user, "get_mail_preferences", args), changed);
      for (const wrong of [{ transactional: false }, { alerts: "no" }, [], null]) {
        await assertFails(
          rpc(db, user, "set_mail_preferences", { ...args, p_wanted: wrong as never }),
          "invalid_request",
          400,
        );
      }
      const stranger = await createTenant(db);
      await assertFails(rpc(db, stranger.user, "get_mail_preferences", args), "not_found", 404);
    },

    "hold for mails that are queued already": async (db) => {
      const { organizationId } = await createTenant(db);
      const [row] = await newMail(db, { organization: organizationId });
      const mail = await sentMail(db, { organization: organizationId });
      await service(db, "unsubscribe_mail", { p_mail_id: mail.id });
      await db.sql`update private.mail_pace set next_at = '-infinity'`;
      await service(db, "claim_mails", { p_provider: "resend" });
      assertEquals((await mailOf(db, row?.id)).status, "suppressed");
    },
  },

  "get_mail_stats()": {
    "counts what became of mails, and reckons rates": async (db) => {
      const { user, organizationId } = await createTenant(db);
      const send = () => sentMail(db, { organization: organizationId });
      const [read, bounced, spam] = [await send(), await send(), await send()];
      await tell(db, read.messageId, "clicked");
      await tell(db, read.messageId, "opened");
      await tell(db, bounced.messageId, "bounced", { detail: HARD });
      await tell(db, spam.messageId, "complained");
      const digest = await sentMail(db, {
        organization: organizationId,
        template: "weekly_digest",
        to: "bob@example.com",
      });
      await service(db, "unsubscribe_mail", { p_mail_id: digest.id });
      const stats = await rpc<Record<string, Record<string, unknown>>>(db, user, "get_mail_stats", {
        p_organization_id: organizationId,
        p_days: 7,
      });
      assertEquals(stats.totals, {
        mails: 4,
        sent: 4,
        delivered: 2,
        bounced: 1,
        complained: 1,
        opened: 1,
        clicked: 1,
        unsubscribed: 1,
        suppressed: 0,
        failed: 0,
        delivery_rate: 0.6667,
        bounce_rate: 0.3333,
        complaint_rate: 0.5,
        open_rate: 0.5,
        click_rate: 0.5,
        unsubscribe_rate: 0.25,
      });
      const templates = stats.templates as unknown as { template: string; mails: number; open_rate: number | null }[];
      assertEquals(templates.map(({ template, mails, open_rate }) => [template, mails, open_rate]), [
        ["alert", 3, 0.5],
        ["weekly_digest", 1, null],
      ]);
      assertEquals((stats.days as unknown as unknown[]).length, 1);
      const one = await rpc<Record<string, Record<string, unknown>>>(db, user, "get_mail_stats", {
        p_organization_id: organizationId,
        p_template: "weekly_digest",
      });
      assertEquals(one.totals?.mails, 1);
      await assertFails(
        rpc(db, user, "get_mail_stats", { p_organization_id: organizationId, p_days: 91 }),
        "invalid_request",
        400,
      );
      const other = await createTenant(db);
      const none = await rpc<Record<string, Record<string, unknown>>>(db, other.user, "get_mail_stats", {
        p_organization_id: other.organizationId,
      });
      assertEquals([none.totals?.mails, none.totals?.open_rate, none.days], [0, null, []] as unknown[]);
    },
  },
});

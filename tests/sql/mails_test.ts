import { findMailTemplate, TEMPLATE_NAMES } from "../../shared/mail/mod.ts";
import { assert, assertEquals, assertRejects } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { type Arguments, assertFails, createTenant, failureOf, rpc, service, type Tenant, unusedId } from "./_world.ts";

interface SendOptions {
  organization?: string | null;
  template?: string;
  to?: string;
  data?: Record<string, unknown>;
  key?: string;
}

async function sendMail(db: TestDatabase, options: SendOptions = {}): Promise<string> {
  const { organization = null, template = "alert", to = "ada@example.com", data = {}, key = "one" } = options;
  const [row] = await db.sql`
    select private.send_mail(${organization}, ${template}, ${to}, ${JSON.stringify(data)}::text::jsonb, ${key}) as id`;
  return row?.id as string;
}

scenarios("mails", {
  "send_mail()": {
    "queues a mail and one job, whatever the number of mails": async (db) => {
      const { organizationId } = await createTenant(db);
      const first = await sendMail(db, { organization: organizationId, data: { title: "Hm" } });
      await sendMail(db, { organization: organizationId, key: "two" });
      const [mail] = await db.sql`
      select m.status, m.category, m.priority, m.tenant_id, m.expires_at > m.scheduled_for as lasts, d.data
      from public.mails m join private.mail_data d on d.mail_id = m.id where m.id = ${first}`;
      assertEquals<unknown>({ ...mail }, {
        status: "queued",
        category: "alerts",
        priority: 50,
        tenant_id: organizationId,
        lasts: true,
        data: { title: "Hm" },
      });
      const jobs = await db.sql`select 1 from public.job_queue where type = 'mail.send'`;
      assertEquals(jobs.length, 1);
    },

    "sends once for each organization, template and key": async (db) => {
      const { organizationId } = await createTenant(db);
      const first = await sendMail(db, { organization: organizationId });
      assertEquals(await sendMail(db, { organization: organizationId, to: "bob@example.com" }), first);
      assert(await sendMail(db) !== first, "the platform's own are apart");
      assert(await sendMail(db, { organization: organizationId, template: "welcome" }) !== first);
    },

    "refuses what is no address and what is no template": async (db) => {
      for (
        const to of ["ada", "ada@example.com\r\nBcc: eve@example.com", "a@b@c", "Ada <ada@example.com>", "a b@c.de"]
      ) {
        assertEquals((await failureOf(sendMail(db, { to }))).code, "invalid_request", to);
      }
      assertEquals((await failureOf(sendMail(db, { template: "spam" }))).code, "invalid_request");
      await assertRejects(() => sendMail(db, { key: "" }));
    },

    "writes down what a suppressed address did not get, without what it would have said": async (db) => {
      await db.sql`
      insert into public.mail_suppressions (tenant_id, address, scope, reason)
      values (private.platform_id(), 'gone@example.com', 'everything', 'bounced')`;
      const id = await sendMail(db, { to: "gone@example.com", template: "magic_link" });
      await db.sql`delete from public.job_queue`;
      const [mail] = await db.sql`
      select status, ended_at is not null as ended, exists (select 1 from private.mail_data d where d.mail_id = id) as has_data
      from public.mails where id = ${id}`;
      assertEquals<unknown>({ ...mail }, { status: "suppressed", ended: true, has_data: false });
    },
  },

  "the queue": {
    "gives the most urgent first, organizations in turn": async (db) => {
      await db.sql`delete from public.mails`;
      const [ada, bob] = [await createTenant(db), await createTenant(db)];
      for (let n = 0; n < 6; n++) {
        await sendMail(db, { organization: ada.organizationId, template: "weekly_digest", key: `a${n}` });
      }
      for (let n = 0; n < 2; n++) {
        await sendMail(db, { organization: bob.organizationId, template: "weekly_digest", key: `b${n}` });
      }
      const urgent = await sendMail(db, { template: "magic_link", key: "m" });
      const first = await claim(db, { p_limit: 5 });
      assertEquals(first.mails?.length, 5);
      assert(first.mails?.some(({ id }) => id === urgent));
      const of = (batch: Batch, tenant: Tenant) =>
        batch.mails?.filter((mail) => mail.organization_id === tenant.organizationId).length;
      assertEquals([of(first, ada), of(first, bob)], [2, 2]);
      await allowNow(db);
      const second = await claim(db, { p_limit: 100 });
      assertEquals([of(second, ada), of(second, bob)], [4, 0]);
    },

    "keeps the pace of the provider for all senders together": async (db) => {
      await db.sql`delete from public.mails`;
      await sendMail(db, { key: "1" });
      await sendMail(db, { key: "2" });
      await allowNow(db);
      assertEquals((await claim(db, { p_limit: 1 })).mails?.length, 1);
      const { wait_ms } = await claim(db, { p_limit: 1 });
      assert(wait_ms !== undefined && wait_ms > 0 && wait_ms <= 500);
      // Another provider has a pace of its own.
      assertEquals((await claim(db, { p_provider: "smtp", p_limit: 1 })).mails?.length, 1);
    },

    "is not asked for a mail twice, and gives it again to the same provider only": async (db) => {
      await db.sql`delete from public.mails`;
      const id = await sendMail(db, { key: "1" });
      await allowNow(db);
      const first = await claim(db);
      assertEquals([first.mails?.map((mail) => mail.id), first.is_repeated], [[id], false]);
      await allowNow(db);
      const { next_ms } = await claim(db);
      assert(next_ms !== null && next_ms !== undefined && next_ms > 1_000 && next_ms <= 60_000, String(next_ms));
      // Its sender is gone.
      await db.sql`update public.mails set leased_until = now() - interval '1 second' where id = ${id}`;
      await allowNow(db);
      assertEquals(Object.keys(await claim(db, { p_provider: "smtp" })), ["next_ms"]);
      await allowNow(db);
      const again = await claim(db);
      assertEquals([again.batch_id, again.mails?.[0]?.id, again.is_repeated], [first.batch_id, id, true]);
    },

    "takes back what was surely not taken, and lets nobody else finish it": async (db) => {
      await db.sql`delete from public.mails`;
      const id = await sendMail(db, { key: "1" });
      await allowNow(db);
      const { batch_id } = await claim(db);
      assertEquals(await finish(db, batch_id!, [{ id, outcome: "back", delay_seconds: 0 }]), { changed: 1 });
      assertEquals(await statusOf(db, id), {
        status: "queued",
        attempts: 0,
        provider_message_id: null,
        has_data: true,
      });
      assertEquals(await finish(db, batch_id!, [{ id, outcome: "sent", message_id: "late" }]), { changed: 0 });
      await allowNow(db);
      const next = await claim(db, { p_provider: "smtp" });
      await finish(db, next.batch_id!, [{ id, outcome: "sent", provider: "smtp", message_id: "<1@x>", subject: "Hm" }]);
      assertEquals(await statusOf(db, id), {
        status: "sent",
        attempts: 1,
        provider_message_id: "<1@x>",
        has_data: true,
      });
      // Nothing is left, so nobody need come back.
      await allowNow(db);
      assertEquals(await claim(db), { next_ms: null });
    },

    "forgets what opens something as soon as the mail is out": async (db) => {
      await db.sql`delete from public.mails`;
      const id = await sendMail(db, { template: "magic_link", key: "1", data: { url: "https://a.example" } });
      await allowNow(db);
      const { batch_id, mails } = await claim(db);
      assertEquals<unknown>(mails?.[0]?.data, { url: "https://a.example" });
      await finish(db, batch_id!, [{ id, outcome: "sent", message_id: "1" }]);
      assertEquals((await statusOf(db, id)).has_data, false);
    },

    "does not send what is stale, and not what its receiver does not want any more": async (db) => {
      await db.sql`delete from public.mails`;
      const stale = await sendMail(db, { template: "magic_link", key: "1" });
      await db.sql`update public.mails set expires_at = now() - interval '1 second' where id = ${stale}`;
      await allowNow(db);
      // There may be more behind those.
      assertEquals(await claim(db), { next_ms: 0 });
      assertEquals(await statusOf(db, stale), {
        status: "expired",
        attempts: 0,
        provider_message_id: null,
        has_data: false,
      });
    },

    "gives up after twelve attempts": async (db) => {
      await db.sql`delete from public.mails`;
      const id = await sendMail(db, { key: "1" });
      for (let n = 1; n <= 12; n++) {
        await db.sql`update public.mails set scheduled_for = now() where id = ${id}`;
        await allowNow(db);
        const { batch_id } = await claim(db);
        await finish(db, batch_id!, [{ id, outcome: "retry", delay_seconds: 5, error: { code: "x", message: "y" } }]);
        assertEquals((await statusOf(db, id)).status, n < 12 ? "queued" : "failed");
      }
    },

    "the task ends what nobody will ever know, wakes a sender and forgets": async (db) => {
      await db.sql`delete from public.mails`;
      await db.sql`delete from public.job_queue`;
      const [lost, due] = [await sendMail(db, { key: "1" }), await sendMail(db, { key: "2" })];
      await allowNow(db);
      const batch = await claim(db, { p_provider: "smtp", p_limit: 1 });
      assertEquals(batch.mails?.[0]?.id, lost);
      await db.sql`update public.mails set leased_until = now() - interval '1 second' where id = ${lost}`;
      await db.sql`delete from public.job_queue`;
      const [row] = await db.sql`select private.keep_mails() as given_up`;
      assertEquals(row?.given_up, 1);
      const [mail] = await db.sql`select status, error ->> 'code' as code from public.mails where id = ${lost}`;
      assertEquals<unknown>({ ...mail }, { status: "failed", code: "outcome_unknown" });
      assertEquals((await statusOf(db, due)).status, "queued");
      assertEquals((await db.sql`select 1 from public.job_queue where type = 'mail.send'`).length, 1);
      await db.sql`update private.mail_data set forget_at = now() - interval '1 second'`;
      await db.sql`update public.mails set ended_at = now() - interval '91 days' where id = ${lost}`;
      await db.sql`select private.keep_mails()`;
      assertEquals((await db.sql`select 1 from private.mail_data`).length, 0);
      assertEquals((await db.sql`select 1 from public.mails where id = ${lost}`).length, 0);
    },
  },

  "the templates": {
    "are those of the code": async (db) => {
      const rows = await db.sql`select name, category from private.mail_templates order by name`;
      const known = await Promise.all(
        [...TEMPLATE_NAMES].sort().map(async (name) => {
          const template = await findMailTemplate(name);
          assertEquals(template?.name, name);
          return { name, category: template?.category };
        }),
      );
      assertEquals<unknown>(rows.map((row) => ({ ...row })), known);
    },
  },

  "cancel_mail() and resend_mail()": {
    "cancel what is queued and send once more what has ended": async (db) => {
      await db.sql`delete from public.mails`;
      const tenant = await createTenant(db);
      const id = await sendMail(db, { organization: tenant.organizationId, key: "1" });
      await assertFails(rpc(db, tenant.user, "resend_mail", { p_mail_id: id }), "conflict", 409);
      const cancelled = await rpc<{ status: string }>(db, tenant.user, "cancel_mail", { p_mail_id: id });
      assertEquals(cancelled.status, "cancelled");
      assert(!("batch_id" in cancelled));
      await assertFails(rpc(db, tenant.user, "cancel_mail", { p_mail_id: id }), "conflict", 409);
      const again = await rpc<{ id: string; status: string; resent_from: string }>(db, tenant.user, "resend_mail", {
        p_mail_id: id,
      });
      assertEquals([again.status, again.resent_from, again.id === id], ["queued", id, false]);
      await db.sql`delete from private.mail_data`;
      await db.sql`update public.mails set status = 'failed', ended_at = now() where id = ${again.id}`;
      await assertFails(rpc(db, tenant.user, "resend_mail", { p_mail_id: again.id }), "conflict", 409);
      const stranger = await createTenant(db);
      for (const name of ["cancel_mail", "resend_mail"]) {
        await assertFails(rpc(db, stranger.user, name, { p_mail_id: id }), "not_found", 404);
        await assertFails(rpc(db, tenant.user, name, { p_mail_id: unusedId() }), "not_found", 404);
      }
    },
  },
});

interface Batch {
  wait_ms?: number;
  next_ms?: number | null;
  batch_id?: string;
  is_repeated?: boolean;
  mails?: { id: string; organization_id: string | null; data: unknown }[];
}

function claim(db: TestDatabase, args: Record<string, unknown> = {}): Promise<Batch> {
  return service<Batch>(db, "claim_mails", { p_provider: "resend", ...args } as Arguments);
}

function finish(db: TestDatabase, batchId: string, results: Record<string, unknown>[]) {
  return service(db, "finish_mails", { p_batch_id: batchId, p_results: results } as Arguments);
}

/** As if the pace had let a second pass. */
async function allowNow(db: TestDatabase): Promise<void> {
  await db.sql`update private.mail_pace set next_at = now() - interval '1 second'`;
}

async function statusOf(db: TestDatabase, id: string) {
  const [row] = await db.sql`
    select status, attempts, provider_message_id, exists (select 1 from private.mail_data d where d.mail_id = m.id) as has_data
    from public.mails m where id = ${id}`;
  return { ...row } as { status: string; attempts: number; provider_message_id: string | null; has_data: boolean };
}

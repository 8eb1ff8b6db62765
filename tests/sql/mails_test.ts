import { assert, assertEquals, assertRejects } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { scenarios } from "./_scenarios.ts";
import { createTenant, failureOf } from "./_world.ts";

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
      create or replace function private.is_suppressed(p_email text, p_category text) returns boolean
      language sql as 'select p_email = ''gone@example.com'''`;
      const id = await sendMail(db, { to: "gone@example.com", template: "magic_link" });
      await db.sql`delete from public.job_queue`;
      const [mail] = await db.sql`
      select status, ended_at is not null as ended, exists (select 1 from private.mail_data d where d.mail_id = id) as has_data
      from public.mails where id = ${id}`;
      assertEquals<unknown>({ ...mail }, { status: "suppressed", ended: true, has_data: false });
    },
  },
});

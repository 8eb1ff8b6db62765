/**
 * What Resend tells of mails, from its webhook to what people see, on a real Postgres.
 *
 * @module
 */
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { sign, type SignOptions } from "../../tests/helpers/hook_signature.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import type { MailEventFacts, MailStats } from "./outcome_schemas.ts";
import { router } from "./router.ts";
import type { Mail } from "./schemas.ts";
import type { Suppression } from "./suppression_schemas.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_SECRET = "whsec_c2VjcmV0IG9mIHRoZSB5ZWFyIGJlZm9yZQ==";

function withWebhook(fn: (api: TestApi) => Promise<void>): Promise<void> {
  return withServedApi([router], fn, { env: { RESEND_WEBHOOK_SECRET: `${SECRET},${OLD_SECRET}` } });
}

/** A mail that Resend took, of the organization of somebody. */
async function sentMail({ db }: TestApi, { organizationId }: ApiUser, to = "grace@example.com"): Promise<string> {
  const [row] = await db
    .sql`select private.send_mail(${organizationId}, 'alert', ${to}, '{}', ${crypto.randomUUID()}) as id`;
  await db.sql`
    update public.mails set status = 'sent', provider = 'resend', provider_message_id = ${`re-${row?.id}`}, sent_at = now(),
      ended_at = now() where id = ${row?.id}`;
  return row?.id;
}

/** An event as Resend documents it. */
function event(type: string, mailId: string, more: object = {}) {
  return {
    type,
    created_at: "2026-11-20T10:00:00.126Z",
    data: {
      created_at: "2026-11-20T09:59:59.126Z",
      email_id: `re-${mailId}`,
      message_id: "<111-222-333@email.example.com>",
      from: "Acme <hello@example.com>",
      to: ["grace@example.com"],
      subject: "Hm",
      tags: { mail_id: mailId },
      ...more,
    },
  };
}

async function tell(api: TestApi, payload: unknown, options: SignOptions & { secret?: string } = {}) {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const headers = await sign(options.secret ?? SECRET, text, { family: "svix", ...options });
  return await api.anonymous.send("POST", "/email/webhooks", payload, headers);
}

const BOUNCE = { bounce: { message: "no such mailbox", subType: "General", type: "Permanent" } };

Deno.test("what Resend tells stands at the mail, in its history and in the figures", () =>
  withWebhook(async (api) => {
    const ada = await api.createUser();
    const id = await sentMail(api, ada);
    const click = {
      click: { ipAddress: "203.0.113.7", link: "https://x.example/?token=s3cret", timestamp: "", userAgent: "Mozilla" },
    };
    for (
      const [type, more] of [["email.opened"], ["email.delivered"], ["email.clicked", click], ["email.sent"]] as const
    ) {
      const reply = await tell(api, event(type, id, more));
      assertEquals([reply.status, reply.body.status], [200, "applied"], type);
    }
    const { body: mail } = await ada.get<Mail>(`/email/mails/${id}`);
    assertEquals([mail.status, mail.opens, mail.clicks, mail.delivered_at !== null], ["delivered", 1, 1, true]);
    const { body: history } = await ada.get<{ data: MailEventFacts[] }>(`/email/mails/${id}/events`);
    assertEquals(history.data.map(({ type }) => type), ["opened", "delivered", "clicked", "sent"]);
    // What it knows of the receiver is nobody's business, and a link may open something.
    const kept = JSON.stringify(await api.db.sql`select * from public.mail_events`);
    for (const word of ["203.0.113.7", "s3cret", "Mozilla"]) assert(!kept.includes(word), word);
    const { body: stats } = await ada.get<MailStats>("/email/stats?days=7&template=alert");
    assertEquals([stats.totals.delivered, stats.totals.open_rate, stats.days.length], [1, 1, 1]);
    expectProblem(await ada.get("/email/stats?days=0"), "invalid_request");
    expectProblem(await ada.get(`/email/mails/${crypto.randomUUID()}/events`), "not_found");
    expectProblem(await (await api.createUser()).get(`/email/mails/${id}/events`), "not_found");
  }));

Deno.test("an event counts once, however often it comes", () =>
  withWebhook(async (api) => {
    const id = await sentMail(api, await api.createUser());
    const all = await Promise.all(
      Array.from({ length: 8 }, () => tell(api, event("email.opened", id), { id: "msg_one" })),
    );
    assertEquals(all.map(({ body }) => body.status).sort(), ["applied", ...Array(7).fill("duplicate")]);
    const [mail] = await api.db.sql`select opens from public.mails where id = ${id}`;
    assertEquals(mail?.opens, 1);
  }));

Deno.test("a bounce puts the address on the list of its organization alone, until somebody takes it off", () =>
  withWebhook(async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    const id = await sentMail(api, ada);
    await tell(api, event("email.bounced", id, BOUNCE));
    assertEquals((await ada.get<Mail>(`/email/mails/${id}`)).body.error, {
      code: "hard_bounce",
      message: "no such mailbox",
    });
    const { body: list } = await ada.get<{ data: Suppression[] }>("/email/suppressions?reason=bounced&q=grace");
    const [entry] = list.data;
    assertEquals([list.data.length, entry?.address, entry?.scope, entry?.mail_id, entry?.note], [
      1,
      "grace@example.com",
      "everything",
      id,
      "no such mailbox",
    ]);
    assertEquals((await bob.get<{ data: unknown[] }>("/email/suppressions")).body.data, []);
    expectProblem(await bob.send("DELETE", `/email/suppressions/${entry?.id}`), "not_found");
    expectProblem(await ada.post("/email/suppressions", { address: "Grace@example.com" }), "conflict");
    const developer = await api.createMember(ada.organizationId, "developer");
    assertEquals((await developer.get("/email/suppressions")).status, 200);
    expectProblem(await developer.send("DELETE", `/email/suppressions/${entry?.id}`), "forbidden");
    assertEquals((await ada.send("DELETE", `/email/suppressions/${entry?.id}`)).status, 204);
    expectProblem(await ada.send("DELETE", `/email/suppressions/${entry?.id}`), "not_found");
    const made = await ada.post<Suppression>("/email/suppressions", { address: "grace@example.com", note: "by phone" });
    assertEquals([made.status, made.body.reason, made.body.created_by], [201, "manual", ada.id]);
    expectProblem(await ada.post("/email/suppressions", { address: "a@b\r\nc: d" }), "invalid_request");
  }));

Deno.test("only what Resend signed is taken, with either secret", () =>
  withWebhook(async (api) => {
    const id = await sentMail(api, await api.createUser());
    assertEquals<unknown>((await tell(api, event("email.delivered", id), { secret: OLD_SECRET })).status, 200);
    const forged = { secret: "whsec_ZXZpbCBldmlsIGV2aWwgZXZpbCBldmls" };
    expectProblem(await tell(api, event("email.complained", id), forged), "invalid_signature");
    const old = { time: Math.floor(Date.now() / 1_000) - 301 };
    expectProblem(await tell(api, event("email.complained", id), old), "invalid_signature");
    expectProblem(await api.anonymous.post("/email/webhooks", event("email.complained", id)), "invalid_signature");
    assertEquals((await api.db.sql`select from public.mail_events`).length, 1);
  }));

Deno.test("what tells of no mail is acknowledged, what has no form is not", () =>
  withWebhook(async (api) => {
    const ignored = await tell(api, { type: "contact.created", created_at: "2026-11-20T10:00:00Z", data: { id: "c" } });
    assertEquals([ignored.status, ignored.body.status], [200, "ignored"]);
    assertEquals<unknown>((await tell(api, event("email.received", crypto.randomUUID()))).body.status, "ignored");
    // A flow's own mail.
    const strange = event("email.delivered", crypto.randomUUID(), { tags: undefined });
    assertEquals<unknown>((await tell(api, strange)).body.status, "pending");
    expectProblem(await tell(api, { type: "email.bounced", created_at: "soon", data: {} }), "invalid_request");
    expectProblem(await tell(api, []), "invalid_request");
    assertEquals((await api.db.sql`select from public.mail_events`).length, 1);
  }));

Deno.test("without its secret the webhook says so, and Resend tries again later", () =>
  withServedApi([router], async (api) => {
    expectProblem(await tell(api, event("email.delivered", crypto.randomUUID())), "service_unavailable");
  }));

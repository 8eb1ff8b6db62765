/**
 * A mail's whole way: out through Resend, what Resend tells of it back in, and its receiver's click.
 *
 * @module
 */
import { createLog } from "../../shared/log/mod.ts";
import { sendMails } from "../../shared/mail/mod.ts";
import { createProviders } from "../../shared/providers/mod.ts";
import type { TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { sign } from "../../tests/helpers/hook_signature.ts";
import { RESEND_KEY, type ResendServer, startResend } from "../../tests/helpers/resend_server.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { router } from "./router.ts";
import type { Mail } from "./schemas.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async function withResend(fn: (api: TestApi, resend: ResendServer) => Promise<void>): Promise<void> {
  await using resend = startResend();
  const env = {
    RESEND_API_KEY: RESEND_KEY,
    RESEND_BASE_URL: resend.url,
    RESEND_WEBHOOK_SECRET: SECRET,
    EMAIL_RATE: "50",
    PUBLIC_FUNCTIONS_URL: "https://mail.example.com/functions/v1",
  };
  await withServedApi([router], (api) => fn(api, resend), { env });
  assertEquals(resend.faults, []);
}

async function send({ env }: TestApi, requestMs = 5_000): Promise<void> {
  const { email } = createProviders(env);
  const log = createLog("test", { level: "error" });
  await sendMails({ env, email, log, signal: new AbortController().signal, timeMs: 3_000, requestMs });
}

/** Resend tells of a message what it was told of it. */
async function tell(api: TestApi, type: string, { id, tags = [] }: ResendServer["taken"][number], more: object = {}) {
  const tagged = Object.fromEntries(tags.map(({ name, value }) => [name, value]));
  const data = { email_id: id, to: ["grace@example.com"], tags: tagged, ...more };
  const text = JSON.stringify({ type, created_at: new Date().toISOString(), data });
  const headers = await sign(SECRET, text, { family: "svix" });
  return await api.anonymous.send<{ status: string }>("POST", "/email/webhooks", text, headers);
}

async function queue({ db }: TestApi, organizationId: string, template = "alert"): Promise<string> {
  const data = template === "alert" ? { title: "Hm" } : { url: "https://app.example.com/" };
  const [row] = await db.sql`
    select private.send_mail(${organizationId}, ${template}, 'grace@example.com', ${JSON.stringify(data)}::text::jsonb,
      ${crypto.randomUUID()}) as id`;
  return row?.id;
}

Deno.test("a mail comes back as delivered, and one click ends its like", () =>
  withResend(async (api, resend) => {
    const ada = await api.createUser();
    const id = await queue(api, ada.organizationId);
    await send(api);
    const [taken] = resend.taken;
    assert(taken !== undefined);
    assertEquals((await tell(api, "email.delivered", taken)).body.status, "applied");
    assertEquals((await ada.get<Mail>(`/email/mails/${id}`)).body.status, "delivered");

    const { headers = {}, html = "", text = "" } = taken;
    assertEquals(headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    const [, url = ""] = /^<(https:.+)>$/.exec(headers["List-Unsubscribe"] ?? "") ?? [];
    assertStringIncludes(html, url);
    assertStringIncludes(text, url.replace("/unsubscribe/", "/preferences/"));
    const path = url.replace("https://mail.example.com/functions/v1", "");
    const form = { "content-type": "application/x-www-form-urlencoded" };
    assertEquals((await api.anonymous.send("POST", path, "List-Unsubscribe=One-Click", form)).status, 200);
    const next = await queue(api, ada.organizationId);
    assertEquals((await ada.get<Mail>(`/email/mails/${next}`)).body.status, "suppressed");
    await send(api);
    assertEquals(resend.taken.length, 1);
  }));

Deno.test("what is needed carries no such header", () =>
  withResend(async (api, resend) => {
    const ada = await api.createUser();
    await queue(api, ada.organizationId, "magic_link");
    await send(api);
    const [taken] = resend.taken;
    assertEquals(Object.keys(taken?.headers ?? {}), ["X-Entity-Ref-ID"]);
    assert(!taken?.html?.includes("nsubscribe"));
  }));

Deno.test("an answer that got lost comes by the webhook: the mail is sent once, and known to be", () =>
  withResend(async (api, resend) => {
    const ada = await api.createUser();
    const id = await queue(api, ada.organizationId);
    resend.mood.losesAnswers = true;
    await send(api);
    assertEquals((await ada.get<Mail>(`/email/mails/${id}`)).body.status, "sending");
    await api.db.sql`update public.mails set leased_until = now() - interval '1 second'`;
    assertEquals((await tell(api, "email.delivered", resend.taken[0]!)).body.status, "applied");
    assertEquals((await ada.get<Mail>(`/email/mails/${id}`)).body.status, "delivered");
    resend.mood.losesAnswers = false;
    await api.db.sql`update private.mail_pace set next_at = '-infinity'`;
    await send(api);
    assertEquals(resend.taken.length, 1);
  }));

Deno.test("an address that bounced is sent nothing any more", () =>
  withResend(async (api, resend) => {
    const ada = await api.createUser();
    await queue(api, ada.organizationId);
    await send(api);
    const waiting = await queue(api, ada.organizationId);
    await tell(api, "email.bounced", resend.taken[0]!, {
      bounce: { type: "Permanent", subType: "General", message: "gone" },
    });
    await send(api);
    assertEquals(resend.taken.length, 1);
    assertEquals((await ada.get<Mail>(`/email/mails/${waiting}`)).body.status, "suppressed");
  }));

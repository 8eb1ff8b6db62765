/**
 * Mails from the queue to providers that fail, are slow and lose their answers: nothing is lost and nothing sent twice.
 *
 * @module
 */
import type { Env } from "../../shared/env/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { sendMails } from "../../shared/mail/mod.ts";
import { Breakers, createProviders } from "../../shared/providers/mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../helpers/assert.ts";
import { RESEND_KEY, type ResendServer, startResend } from "../helpers/resend_server.ts";
import { withServedApi } from "../helpers/served_api.ts";
import { type SmtpServer, startSmtp } from "../helpers/smtp_server.ts";
import type { TestDatabase } from "../helpers/postgres.ts";

const LOG = createLog("test", { level: "error" });

interface Post {
  readonly db: TestDatabase;
  readonly env: Env;
  readonly resend: ResendServer;
  readonly smtp: SmtpServer;
  /** Queues so many alerts. */
  queue(count: number, to?: string): Promise<void>;
  /** Sends what is due with an isolate of its own, as far as it comes in the time. */
  send(options?: { timeMs?: number; requestMs?: number; breakers?: Breakers }): Promise<void>;
  /** How many mails have each status. */
  statuses(): Promise<Record<string, number>>;
  /** Time goes on: what waits for a later attempt is due. */
  later(): Promise<void>;
}

function withPost(fn: (post: Post) => Promise<void>, options: { smtp?: boolean } = {}): Promise<void> {
  return withServedApi([], async ({ db, env: base }) => {
    await using resend = startResend();
    await using smtp = startSmtp();
    const env: Env = {
      ...base,
      resendApiKey: RESEND_KEY,
      resendBaseUrl: resend.url,
      smtpUrl: options.smtp === false ? null : smtp.url,
      emailRate: 50,
    };
    const { email } = createProviders(env);
    let queued = 0;
    await fn({
      db,
      env,
      resend,
      smtp,
      async queue(count, to) {
        for (let each = 0; each < count; each++) {
          queued++;
          await db.sql`select private.send_mail(null, 'alert', ${
            to ?? `u${queued}@example.com`
          }, '{"title": "Hm"}', ${`${queued}`})`;
        }
      },
      async send({ timeMs = 15_000, requestMs = 2_000, breakers = new Breakers({ random: () => 0 }) } = {}) {
        const guarded = breakers.guard({ email, http: { request: () => Promise.reject() } }, null).email;
        await sendMails({ env, email: guarded, log: LOG, signal: new AbortController().signal, timeMs, requestMs });
      },
      async statuses() {
        const rows = await db.sql`select status, count(*)::int as count from public.mails group by 1 order by 1`;
        return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
      },
      async later() {
        await db.sql`update public.mails set scheduled_for = now() where status = 'queued'`;
        await db.sql`update public.mails set leased_until = now() where status = 'sending'`;
        await db.sql`update private.mail_pace set next_at = now()`;
      },
    });
    assertEquals([resend.faults, smtp.faults], [[], []]);
  });
}

/** Each receiver once, whoever took it. */
function receivers({ resend, smtp }: Post): string[] {
  return [...resend.taken, ...smtp.taken].flatMap(({ to }) => to).sort();
}

function assertOnce(post: Post, count: number): void {
  const all = receivers(post);
  assertEquals([all.length, new Set(all).size], [count, count]);
}

Deno.test("mails go out in batches, each with its text, its headers and an id that events will name", () =>
  withPost(async (post) => {
    await post.queue(130);
    await post.send();
    assertEquals(post.resend.requests, ["POST /emails/batch 200", "POST /emails/batch 200"]);
    assertOnce(post, 130);
    assertEquals(await post.statuses(), { sent: 130 });
    const [mail] = await post.db.sql`select * from public.mails where to_address = 'u7@example.com'`;
    const taken = post.resend.taken.find(({ to }) => to[0] === "u7@example.com");
    assertEquals([mail?.provider, mail?.provider_message_id, mail?.subject], ["resend", taken?.id, "Hm"]);
    assertStringIncludes(taken?.text ?? "", "Hm");
    assertEquals(taken?.headers?.["X-Entity-Ref-ID"], mail?.id);
    assertEquals(taken?.from, post.env.emailFrom);
  }));

Deno.test("one refused address does not hold up the others, and is told of", () =>
  withPost(async (post) => {
    await post.queue(2);
    await post.queue(1, "nobody@refused.example");
    await post.queue(2);
    await post.send();
    assertEquals(await post.statuses(), { failed: 1, sent: 4 });
    const [mail] = await post.db.sql`select error from public.mails where status = 'failed'`;
    assertEquals(mail?.error.code, "refused");
    assertOnce(post, 4);
  }));

Deno.test("while Resend cannot be reached SMTP takes over, and Resend takes back by itself", () =>
  withPost(async (post) => {
    const { url } = post.resend;
    await post.resend[Symbol.asyncDispose]();
    await post.queue(3);
    await post.send();
    assertEquals([await post.statuses(), post.smtp.taken.length], [{ sent: 3 }, 3]);
    const [message] = post.smtp.taken;
    assertEquals(message?.header("subject"), "Hm");
    assertStringIncludes(message?.header("content-type") ?? "", "multipart/alternative");
    // The same port again.
    const back = Deno.serve(
      { hostname: "127.0.0.1", port: Number(new URL(url).port), onListen() {} },
      async (request) => {
        const emails = await request.json();
        return Response.json({
          data: emails.map((_: unknown, index: number) => ({ id: `back-${index}` })),
          errors: [],
        });
      },
    );
    await post.queue(2);
    await post.later();
    await post.send();
    await back.shutdown();
    const rows = await post.db.sql`select provider, count(*)::int as count from public.mails group by 1 order by 1`;
    assertEquals(rows.map((row) => [row.provider, row.count]), [["resend", 2], ["smtp", 3]]);
  }));

Deno.test("a void key or a used-up quota is an outage like any other", () =>
  withPost(async (post) => {
    for (const [status, name] of [[403, "invalid_api_key"], [429, "daily_quota_exceeded"]] as const) {
      post.resend.mood.fail = { status, name };
      await post.queue(2);
      await post.send();
    }
    assertEquals([await post.statuses(), post.smtp.taken.length], [{ sent: 4 }, 4]);
    assertOnce(post, 4);
  }));

Deno.test("what Resend may have taken is its own: it is asked again under the same key, and nobody else is", () =>
  withPost(async (post) => {
    post.resend.mood.losesAnswers = true;
    await post.queue(3);
    await post.send({ timeMs: 300 });
    assertEquals(await post.statuses(), { sending: 3 });
    // It did take them, which nobody knows yet; meanwhile it is down.
    assertEquals(post.resend.taken.length, 3);
    post.resend.mood.losesAnswers = false;
    post.resend.mood.fail = { status: 503, name: "service_unavailable" };
    await post.later();
    await post.send({ timeMs: 300 });
    await post.queue(2);
    await post.later();
    await post.send({ timeMs: 1_500 });
    assertEquals(post.smtp.taken.flatMap(({ to }) => to).filter((to) => /u[123]@/.test(to)), []);
    post.resend.mood.fail = null;
    for (let times = 0; times < 4 && (await post.statuses()).sending !== undefined; times++) {
      await post.later();
      await post.send();
    }
    assertEquals(await post.statuses(), { sent: 5 });
    assertOnce(post, 5);
  }));

Deno.test("errors of Resend's own open the breaker: what comes after goes to SMTP", () =>
  withPost(async (post) => {
    const breakers = new Breakers({ random: () => 0 });
    post.resend.mood.fail = { status: 500, name: "application_error" };
    await post.queue(120);
    await post.send({ breakers, timeMs: 20_000 });
    const stuck = (await post.statuses()).sending ?? 0;
    // The first batch, and the single mails that were risked until the breaker opened.
    assert(stuck >= 100 && stuck <= 102, `${stuck} wait for Resend`);
    assertEquals(post.smtp.taken.length, 120 - stuck);
    post.resend.mood.fail = null;
    for (let times = 0; times < 4 && (await post.statuses()).sending !== undefined; times++) {
      await post.later();
      await post.send();
    }
    assertEquals(await post.statuses(), { sent: 120 });
    assertOnce(post, 120);
  }));

Deno.test("SMTP that loses its answer is not asked again: the mail fails as of unknown outcome", () =>
  withPost(async (post) => {
    post.resend.mood.fail = { status: 403, name: "invalid_api_key" };
    post.smtp.mood.losesAnswers = true;
    await post.queue(1);
    await post.send();
    await post.later();
    await post.send();
    const [mail] = await post.db.sql`select status, error from public.mails`;
    assertEquals([mail?.status, mail?.error.code, post.smtp.taken.length], ["failed", "outcome_unknown", 1]);
  }));

Deno.test("with both down nothing is lost, and all goes out when one is back", () =>
  withPost(async (post) => {
    post.resend.mood.fail = { status: 403, name: "invalid_api_key" };
    post.smtp.mood.answers = { CONNECT: "421 too busy" };
    await post.queue(3);
    await post.send({ timeMs: 500 });
    assertEquals(await post.statuses(), { queued: 3 });
    post.smtp.mood.answers = {};
    await post.later();
    await post.send();
    assertEquals(await post.statuses(), { sent: 3 });
    assertOnce(post, 3);
  }));

Deno.test("a provider that is slow is given up in time and asked again; a sender that dies is followed by another", () =>
  withPost(async (post) => {
    post.resend.mood.slowMs = 700;
    await post.queue(2);
    await post.send({ timeMs: 100, requestMs: 150 });
    assertEquals(await post.statuses(), { sending: 2 });
    post.resend.mood.slowMs = 0;
    await post.later();
    await post.send();
    assertEquals(await post.statuses(), { sent: 2 });
    assertOnce(post, 2);
  }, { smtp: false }));

Deno.test("what Resend finds too fast waits as long as it says", () =>
  withPost(async (post) => {
    post.resend.mood.fail = { status: 429, name: "rate_limit_exceeded", retryAfter: 1 };
    await post.queue(1);
    await post.send({ timeMs: 100 });
    post.resend.mood.fail = null;
    assertEquals([await post.statuses(), post.smtp.taken.length], [{ queued: 1 }, 0]);
    const [mail] = await post.db.sql`select scheduled_for > now() as later, attempts from public.mails`;
    assertEquals<unknown>({ ...mail }, { later: true, attempts: 0 });
    await post.later();
    await post.send();
    assertEquals(await post.statuses(), { sent: 1 });
  }));

/**
 * The function `email` on a real Postgres, with stand-ins of Resend and an SMTP server.
 *
 * @module
 */
import { sign } from "../../tests/helpers/hook_signature.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../../tests/helpers/assert.ts";
import { RESEND_KEY, type ResendServer, startResend } from "../../tests/helpers/resend_server.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { checkRoutes, expectProblem } from "../../tests/helpers/route_suite.ts";
import { authMails } from "./auth_mails.ts";
import { router } from "./router.ts";
import type { Mail } from "./schemas.ts";

const SECRET = "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_SECRET = "v1,whsec_c2VjcmV0IG9mIHRoZSB5ZWFyIGJlZm9yZQ==";

interface Page<T> {
  data: T[];
}

function withEmail(fn: (api: TestApi, resend: ResendServer) => Promise<void>): Promise<void> {
  return (async () => {
    await using resend = startResend();
    const env = {
      RESEND_API_KEY: RESEND_KEY,
      RESEND_BASE_URL: resend.url,
      SEND_EMAIL_HOOK_SECRET: `${SECRET}|${OLD_SECRET}`,
      FRONTEND_URL: "https://app.example.com",
    };
    await withServedApi([router], (api) => fn(api, resend), { env });
    assertEquals(resend.faults, []);
  })();
}

async function queue({ db }: TestApi, user: ApiUser, key: string, template = "alert"): Promise<string> {
  const [row] = await db.sql`
    select private.send_mail(${user.organizationId}, ${template}, 'bob@example.com', '{"title": "Hm"}', ${key}) as id`;
  return row?.id;
}

Deno.test("every route of email keeps the common contract", (t) =>
  withApi([router], async (api) => {
    await checkRoutes(t, api, router);
  }));

Deno.test("mails are listed, cancelled and sent once more, by those who may", () =>
  withEmail(async (api) => {
    const ada = await api.createUser();
    const [one, two] = [await queue(api, ada, "1"), await queue(api, ada, "2", "secret_warning")];
    const list = await ada.get<Page<Mail>>("/email/mails");
    assertEquals([list.status, list.body.data.map(({ id }) => id)], [200, [two, one]]);
    assertEquals((await ada.get<Page<Mail>>("/email/mails?template=alert&status=queued")).body.data.length, 1);
    const { body } = await ada.get<Mail>(`/email/mails/${one}`);
    assertEquals([body.to_address, body.status, "tenant_id" in body], ["bob@example.com", "queued", false]);
    assertEquals((await ada.post<Mail>(`/email/mails/${one}/cancel`)).body.status, "cancelled");
    expectProblem(await ada.post(`/email/mails/${one}/cancel`), "conflict");
    const again = await ada.post<Mail>(`/email/mails/${one}/resend`);
    assertEquals([again.status, again.body.status, again.body.resent_from], [200, "queued", one]);
    expectProblem(await ada.post(`/email/mails/${one}/resend`), "conflict");
    const developer = await api.createMember(ada.organizationId, "developer");
    assertEquals((await developer.get(`/email/mails/${two}`)).status, 200);
    expectProblem(await developer.post(`/email/mails/${two}/cancel`), "forbidden");
    const member = await api.createMember(ada.organizationId, "member");
    expectProblem(await member.get("/email/mails"), "forbidden");
    const stranger = await api.createUser();
    expectProblem(await stranger.get(`/email/mails/${two}`), "not_found");
  }));

Deno.test("templates are listed with schema and example, previewed, and sent to oneself alone", () =>
  withEmail(async (api) => {
    const ada = await api.createUser();
    const list = await ada.get<Page<{ name: string; schema: { properties: object }; example: object }>>(
      "/email/templates",
    );
    assertEquals(list.status, 200, JSON.stringify(list.body));
    assertEquals(list.body.data.length, 15);
    for (const { schema, example, name } of list.body.data) {
      assert(Object.keys(schema.properties).length > 2, name);
      assert(Object.keys(example).length > 0);
    }
    const page = await ada.send<string>("GET", "/email/templates/magic_link/preview");
    assertEquals([page.status, page.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
    assertStringIncludes(page.headers.get("content-security-policy") ?? "", "sandbox; default-src 'none'");
    const text = await ada.send<string>("GET", "/email/templates/magic_link/preview?format=text");
    assertEquals(text.headers.get("content-type"), "text/plain; charset=utf-8");
    expectProblem(await ada.get("/email/templates/spam/preview"), "not_found");

    const test = await ada.post<{ to: string }>("/email/templates/alert/test", {});
    assertEquals([test.status, test.body.to], [200, ada.email]);
    const [mail] = await api.db.sql`select to_address, organization_id from public.mails`;
    assertEquals<unknown>({ ...mail }, { to_address: ada.email, organization_id: ada.organizationId });
    expectProblem(await ada.post("/email/templates/alert/test", { data: { level: "loud" } }), "invalid_request");
    expectProblem(await ada.post("/email/templates/alert/test", { to: "eve@example.com" }), "invalid_request");
  }));

const USER = { id: crypto.randomUUID(), email: "ada@example.com" };
const EMAIL = {
  token: "305805",
  token_hash: "7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0",
  redirect_to: "http://localhost:3000/",
  email_action_type: "magiclink",
  site_url: "http://localhost:9999",
  token_new: "",
  token_hash_new: "",
};

async function call(api: TestApi, payload: unknown, options: { secret?: string; id?: string; time?: number } = {}) {
  const body = typeof payload === "string" ? payload : JSON.stringify(payload);
  const headers = await sign(options.secret ?? SECRET, body, options);
  return await api.anonymous.send<{ error?: { http_code: number; message: string } }>(
    "POST",
    "/email/auth-hook",
    payload,
    {
      ...headers,
    },
  );
}

Deno.test("the hook of Auth sends at once, once, and keeps no link", () =>
  withEmail(async (api, resend) => {
    const payload = { user: USER, email_data: EMAIL };
    assertEquals([(await call(api, payload)).status, resend.taken.length], [200, 1]);
    const [mail] = resend.taken;
    assertEquals([mail?.to, mail?.subject], [["ada@example.com"], "Sign in to Millrace"]);
    const link = "http://project.test/auth/v1/verify?token=7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0" +
      "&type=magiclink&redirect_to=http%3A%2F%2Flocalhost%3A3000%2F";
    assertStringIncludes(mail?.text ?? "", link);
    assertStringIncludes(mail?.text ?? "", "305805");
    // Auth did not hear it: the same again.
    assertEquals([(await call(api, payload)).status, resend.taken.length], [200, 1]);
    const kept = await api.db
      .sql`select m.*, d.data from public.mails m left join private.mail_data d on d.mail_id = m.id`;
    assertEquals([kept.length, kept[0]?.status, kept[0]?.data], [1, "sent", null]);
    assert(!JSON.stringify(kept).includes(EMAIL.token_hash));
  }));

Deno.test("what no provider takes in time waits in the queue, and Auth is content", () =>
  withEmail(async (api, resend) => {
    resend.mood.fail = { status: 500, name: "application_error" };
    assertEquals((await call(api, { user: USER, email_data: EMAIL })).status, 200);
    const [mail] = await api.db.sql`select status, provider from public.mails`;
    assertEquals<unknown>({ ...mail }, { status: "sending", provider: "resend" });
    resend.mood.fail = { status: 403, name: "invalid_api_key" };
    assertEquals((await call(api, { user: USER, email_data: { ...EMAIL, token_hash: "other" } })).status, 200);
    const rows = await api.db.sql`select status from public.mails order by id`;
    assertEquals(rows.map(({ status }) => status), ["sending", "queued"]);
    assert((await api.db.sql`select 1 from public.job_queue where type = 'mail.send'`).length > 0);
  }));

Deno.test("the hook takes what Auth signed, with either secret, and nothing else", () =>
  withEmail(async (api, resend) => {
    const payload = { user: USER, email_data: EMAIL };
    assertEquals((await call(api, payload, { secret: OLD_SECRET })).status, 200);
    const refused = await call(api, payload, { secret: "v1,whsec_ZXZpbCBldmlsIGV2aWwgZXZpbCBldmls" });
    assertEquals([refused.status, refused.body.error?.http_code], [401, 401]);
    assertEquals((await call(api, payload, { time: Math.floor(Date.now() / 1_000) - 301 })).status, 401);
    assertEquals((await api.anonymous.send("POST", "/email/auth-hook", payload)).status, 401);
    assertEquals((await call(api, { user: USER, email_data: { ...EMAIL, email_action_type: "spam" } })).status, 400);
    assertEquals((await call(api, { user: {} })).status, 400);
    assertEquals(resend.taken.length, 1);
  }));

Deno.test("without a secret or a service the hook says so, as Auth reads it", () =>
  withServedApi([router], async (api) => {
    const { status, body, headers } = await call(api, { user: USER, email_data: EMAIL });
    assertEquals([status, body.error?.http_code, headers.get("retry-after")], [503, 503, "2"]);
  }));

Deno.test("every action of Auth has its mail, a change of address one to each", () => {
  const of = (action: string, more: object = {}, user: object = {}) =>
    authMails({
      user: { ...USER, email_new: null, new_email: null, ...user },
      email_data: { ...EMAIL, email_action_type: action, ...more } as never,
    }, "https://p.supabase.co");
  const brief = (mails: ReturnType<typeof of>) => mails.map(({ template, to }) => `${template} ${to}`);
  assertEquals(brief(of("signup")), ["verification ada@example.com"]);
  assertEquals(brief(of("invite")), ["verification ada@example.com"]);
  assertEquals(brief(of("magiclink")), ["magic_link ada@example.com"]);
  assertEquals(brief(of("recovery")), ["password_reset ada@example.com"]);
  assertEquals(of("reauthentication")[0]?.data, { action: "reauthentication", code: "305805" });
  // Auth's names are crossed: token_hash_new belongs to the present address.
  const both = of("email_change", { token_hash_new: "hash-of-old", token_new: "999999" }, {
    new_email: "new@example.com",
  });
  assertEquals(both.map(({ to, token, data }) => [to, token, data.code]), [
    ["ada@example.com", "hash-of-old", "305805"],
    ["new@example.com", EMAIL.token_hash, "999999"],
  ]);
  assertStringIncludes(String(both[0]?.data.url), "token=hash-of-old");
  const one = of("email_change", {}, { new_email: "new@example.com" });
  assertEquals(one.map(({ to, data }) => [to, data.code]), [["new@example.com", "305805"]]);
  const none = { token: "", token_hash: "" };
  assertEquals(brief(of("password_changed_notification", none)), ["security_notice ada@example.com"]);
  assertEquals(brief(of("email_changed_notification", { ...none, old_email: "old@example.com" })), [
    "security_notice ada@example.com",
    "security_notice old@example.com",
  ]);
  for (const action of ["spam", "constructor", "x_notification"]) assertThrows(() => of(action), TypeError);
  assertThrows(() => of("email_change"), TypeError);
  assertThrows(() => of("magiclink", { token_hash: "" }), TypeError);
});

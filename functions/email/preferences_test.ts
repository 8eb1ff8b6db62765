/**
 * Unsubscribing and choosing, by the links of a mail and as oneself, on a real Postgres.
 *
 * @module
 */
import { signMailToken } from "../../shared/mail/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { router } from "./router.ts";

interface Receiver {
  organization: string | null;
  address: string;
  category: string;
  preferences: Record<string, boolean>;
}

const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const FORM = { "content-type": "application/x-www-form-urlencoded" };

async function tokenOf(
  api: TestApi,
  user: ApiUser,
  template = "weekly_digest",
  to = "grace@example.com",
): Promise<string> {
  const [row] = await api.db
    .sql`select private.send_mail(${user.organizationId}, ${template}, ${to}, '{}', ${crypto.randomUUID()}) as id`;
  return await signMailToken(api.env, row?.id);
}

async function listOf({ db }: TestApi) {
  const rows = await db.sql`select address, scope, reason from public.mail_suppressions order by address, scope`;
  return rows.map(({ address, scope, reason }) => `${address} ${scope} ${reason}`);
}

Deno.test("one click of a mail program unsubscribes, without anything else", () =>
  withServedApi([router], async (api) => {
    const token = await tokenOf(api, await api.createUser());
    const click = () =>
      api.anonymous.send<Receiver>("POST", `/email/unsubscribe/${token}`, "List-Unsubscribe=One-Click", FORM);
    for (let n = 0; n < 3; n++) {
      const { status, body } = await click();
      assertEquals([status, body.preferences], [200, { alerts: true, digests: false, product: true }]);
      assertEquals([body.address, body.category], ["g•••@example.com", "digests"]);
    }
    assertEquals(await listOf(api), ["grace@example.com digests unsubscribed"]);
  }));

Deno.test("looking at the links changes nothing", () =>
  withServedApi([router], async (api) => {
    const token = await tokenOf(api, await api.createUser());
    for (const path of [`/email/unsubscribe/${token}`, `/email/preferences/${token}`]) {
      for (const headers of [{}, BROWSER]) {
        const reply = await api.anonymous.send<string>("GET", path, undefined, headers);
        assertEquals(reply.status, 200);
        assertEquals(reply.headers.get("cache-control"), "no-store");
        assertEquals(reply.headers.get("referrer-policy"), "no-referrer");
      }
    }
    assertEquals(await listOf(api), []);
  }));

Deno.test("the page shows what is chosen, and its form changes it", () =>
  withServedApi([router], async (api) => {
    const ada = await api.createUser();
    await api.db.sql`update public.organizations set name = 'Ada & <Sons>' where id = ${ada.organizationId}`;
    const path = `/email/preferences/${await tokenOf(api, ada)}`;
    const page = await api.anonymous.send<string>("GET", path, undefined, BROWSER);
    assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
    assertMatch(page.headers.get("content-security-policy") ?? "", /^default-src 'none'; style-src 'sha256-/);
    assertStringIncludes(page.body, "Ada &amp; &lt;Sons&gt;");
    assert(!page.body.includes("grace@"), "whoever the mail was passed on to learns no address");
    assertEquals(page.body.match(/ checked/g)?.length, 3);
    const saved = await api.anonymous.send<string>("POST", path, "on=alerts", { ...FORM, ...BROWSER });
    assertEquals([saved.status, saved.body.match(/ checked/g)?.length], [200, 1]);
    assertStringIncludes(saved.body, 'role="status"');
    assertEquals(await listOf(api), [
      "grace@example.com digests unsubscribed",
      "grace@example.com product unsubscribed",
    ]);
    // Nothing ticked is a form without a word.
    await api.anonymous.send("POST", path, "", { ...FORM, ...BROWSER });
    assertEquals((await listOf(api)).length, 3);
    await api.anonymous.send("POST", path, "on=alerts&on=digests&on=product", { ...FORM, ...BROWSER });
    assertEquals(await listOf(api), []);
    for (const form of ["on=transactional", "on=__proto__"]) {
      expectProblem(await api.anonymous.send("POST", path, form, FORM), "invalid_request");
    }
  }));

Deno.test("the page looks as the mails of the organization do", () =>
  withServedApi([router], async (api) => {
    const ada = await api.createUser();
    const path = `/email/preferences/${await tokenOf(api, ada)}`;
    await api.db.sql`
      insert into private.mail_settings (organization_id, brand_name, logo_url, color)
      values (${ada.organizationId}, 'Lovelace', 'https://cdn.example/logo.png', '#7a1fa2')`;
    const page = await api.anonymous.send<string>("GET", path, undefined, BROWSER);
    for (const part of ['<img src="https://cdn.example/logo.png" alt="Lovelace"', "--accent:#7a1fa2"]) {
      assertStringIncludes(page.body, part);
    }
    assertStringIncludes(page.headers.get("content-security-policy") ?? "", "img-src https://cdn.example");
    assertEquals(Object.keys((await api.anonymous.get<Receiver>(path)).body).sort(), [
      "address",
      "category",
      "organization",
      "preferences",
    ]);
  }));

Deno.test("programs read and write JSON", () =>
  withServedApi([router], async (api) => {
    const path = `/email/preferences/${await tokenOf(api, await api.createUser())}`;
    const { body } = await api.anonymous.send<Receiver>("POST", path, { alerts: false });
    assertEquals(body.preferences, { alerts: false, digests: true, product: true });
    assertEquals((await api.anonymous.get<Receiver>(path)).body, body);
    for (const wrong of [{ transactional: false }, { alerts: "no" }, [], '{"alerts": false']) {
      const reply = await api.anonymous.send("POST", path, wrong, { "content-type": "application/json" });
      assertEquals(reply.status, 400, JSON.stringify(wrong));
    }
  }));

Deno.test("a link that is not ours leads nowhere, whatever is wrong with it", () =>
  withServedApi([router], async (api) => {
    const token = await tokenOf(api, await api.createUser());
    const [id, signature] = token.split(".");
    const other = await signMailToken(api.env, crypto.randomUUID());
    const forged = await signMailToken({ secretKeys: { default: "sb_secret_other" } }, id!);
    const wrong = [
      other,
      forged,
      `${id}.`,
      `${id}`,
      `.${signature}`,
      `${id}.${signature}A`,
      `${token}.x`,
      token.toUpperCase(),
    ];
    for (const bad of wrong) {
      for (const kind of ["unsubscribe", "preferences"]) {
        expectProblem(await api.anonymous.get(`/email/${kind}/${bad}`), "not_found");
        const page = await api.anonymous.send<string>("GET", `/email/${kind}/${bad}`, undefined, BROWSER);
        assertEquals([page.status, page.headers.get("content-type")], [404, "text/html; charset=utf-8"]);
      }
      expectProblem(await api.anonymous.post(`/email/unsubscribe/${bad}`, {}), "not_found");
      expectProblem(await api.anonymous.post(`/email/preferences/${bad}`, { alerts: false }), "not_found");
    }
    assertEquals(await listOf(api), []);
  }));

Deno.test("links of the secret key before still work while it is among the keys", () =>
  withServedApi([router], async (api) => {
    const token = await tokenOf(api, await api.createUser());
    const [id] = token.split(".");
    const keys = Object.values(api.env.secretKeys);
    for (const key of keys) {
      const link = await signMailToken({ secretKeys: { default: key } }, id!);
      assertEquals((await api.anonymous.get(`/email/preferences/${link}`)).status, 200);
    }
  }));

Deno.test("mails that are needed have no switch", () =>
  withServedApi([router], async (api) => {
    const token = await tokenOf(api, await api.createUser(), "receipt");
    const page = await api.anonymous.send<string>("GET", `/email/unsubscribe/${token}`, undefined, BROWSER);
    assert(!page.body.includes("<button"));
    assertEquals((await api.anonymous.post(`/email/unsubscribe/${token}`, {})).status, 200);
    assertEquals(await listOf(api), []);
  }));

Deno.test("browsers are sent to the page of the deployment, mail programs are not", () =>
  withServedApi([router], async (api) => {
    const token = await tokenOf(api, await api.createUser());
    for (const kind of ["unsubscribe", "preferences"]) {
      const page = await api.anonymous.send("GET", `/email/${kind}/${token}`, undefined, BROWSER);
      assertEquals([page.status, page.headers.get("location")], [303, `https://app.example.com/mails#token=${token}`]);
      assertEquals((await api.anonymous.get(`/email/${kind}/${token}`)).status, 200);
    }
    const click = await api.anonymous.send("POST", `/email/unsubscribe/${token}`, "List-Unsubscribe=One-Click", FORM);
    assertEquals(click.status, 200);
  }, { env: { EMAIL_PREFERENCES_URL: "https://app.example.com/mails" } }));

Deno.test("people choose for their own address, in their own organization", () =>
  withServedApi([router], async (api) => {
    const ada = await api.createUser();
    const guest = await api.createMember(ada.organizationId, "guest");
    for (const user of [ada, guest]) {
      const { body, status } = await user.get("/email/preferences");
      assertEquals<unknown>([status, body], [200, { alerts: true, digests: true, product: true }]);
      const saved = await user.send("PATCH", "/email/preferences", { digests: false });
      assertEquals<unknown>([saved.status, saved.body], [200, { alerts: true, digests: false, product: true }]);
    }
    expectProblem(await ada.send("PATCH", "/email/preferences", { transactional: false }), "invalid_request");
    expectProblem(await api.anonymous.get("/email/preferences"), "unauthorized");
    assertEquals((await listOf(api)).sort(), [ada, guest].map(({ email }) => `${email} digests unsubscribed`).sort());
  }));

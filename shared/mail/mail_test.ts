import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "../../tests/helpers/assert.ts";
import { DEFAULT_BRAND, readableOn } from "./brand.ts";
import { createFormat } from "./format.ts";
import { renderMail } from "./render_mail.tsx";
import { isSafeUrl } from "./safe_url.ts";
import { findMailTemplate, TEMPLATE_NAMES } from "./templates.ts";
import { toText } from "./to_text.ts";

const FRONTEND = "https://app.example.com";

async function render(name: string, data?: unknown, options = {}) {
  const template = await findMailTemplate(name);
  assert(template);
  return renderMail(template, data ?? template.example, { frontendUrl: FRONTEND, ...options });
}

for (const name of TEMPLATE_NAMES) {
  Deno.test(`${name}: the example makes a whole mail`, async () => {
    const { subject, html, text } = await render(name);
    assertMatch(subject, /^[^\p{Cc}]{5,150}$/u);
    assert(html.startsWith("<!doctype html><html"));
    assertStringIncludes(html, '<meta name="color-scheme" content="light dark"');
    assertStringIncludes(html, "prefers-color-scheme:dark");
    assertMatch(html, /max-width:600px/);
    assert(!/undefined|\[object|NaN|Invalid Date/.test(html + subject), "nothing is left open");
    for (const [image] of html.matchAll(/<img[^>]*>/g)) assertMatch(image, /\balt="/);
    for (const [table] of html.matchAll(/<table[^>]*>/g)) {
      assert(/role="presentation"/.test(table) || html.includes("<th"), "tables are for looks or have heads");
    }
    assert(text.length > 80 && !/<[a-z]/i.test(text), text);
    assert(!text.includes("\u200c"), "the preheader is for lists");
    assert(html.length < 100_000, "Gmail cuts at 102 KB");
    // The same to the byte: a provider that is asked twice sees one request.
    assertEquals(await render(name), { subject, html, text });
  });
}

Deno.test("what data holds is text, whatever it looks like", async () => {
  const evil = `<img src=x onerror=alert(1)>"'&`;
  const { html, text, subject } = await render("alert", {
    title: evil,
    message: evil,
    detail: `${evil}\n</td></table><script>`,
    facts: [{ name: evil, value: evil }],
    organization: evil,
  });
  assert(!html.includes("<img") && !html.includes("<script"));
  assertStringIncludes(html, "&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;");
  assertStringIncludes(text, evil);
  assertStringIncludes(subject, "<img");
});

Deno.test("a subject is one line", async () => {
  const { subject } = await render("alert", { title: "a\r\nBcc: eve@example.com\u2028b" });
  assertEquals(subject, "a Bcc: eve@example.com b");
});

Deno.test("addresses that are no web pages are refused", async () => {
  for (
    const url of [
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      "java\tscript:alert(1)",
      " https://a.example",
      "data:text/html,x",
      "vbscript:x",
      "//evil.example",
      "http://evil.example",
      "https://user:pass@evil.example/",
      "https://a.example/\\evil",
      "ftp://a.example",
    ]
  ) {
    assert(!isSafeUrl(url), url);
    const template = await findMailTemplate("magic_link");
    assertThrows(() => renderMail(template!, { url }), Error);
  }
  for (const url of ["https://a.example/?b=c&d=e#f", "mailto:ada@example.com", "http://127.0.0.1:3000/x"]) {
    assert(isSafeUrl(url), url);
  }
  const alert = await findMailTemplate("alert");
  for (const link of ["//evil.example", "/\\evil", "javascript:x"]) {
    assertThrows(() => renderMail(alert!, { title: "Hm", link }, { frontendUrl: FRONTEND }));
  }
});

Deno.test("paths lead to the frontend, and nowhere without one", async () => {
  const data = { title: "Hm", link: "/runs/1" };
  assertStringIncludes((await render("alert", data)).html, 'href="https://app.example.com/runs/1"');
  assert(!(await render("alert", data, { frontendUrl: null })).html.includes("href="));
});

Deno.test("the text says the same as the page, with addresses behind what leads to them", async () => {
  const { text } = await render("magic_link", { url: "https://a.example/?a=1&b=2", code: "123456" });
  assertEquals(
    text,
    `Sign in to Millrace

Open this on the device where you want to be signed in.

Sign in: https://a.example/?a=1&b=2

Or type this code:

123456

It works once. If you did not ask for it, do nothing: nobody can sign in without it.

You get this because somebody wants to sign in to Millrace with this address.

Millrace
`,
  );
  assertEquals(
    toText("<body><p>a<br>b &lt;c&gt;</p><table><tr><td>d</td><td>e</td></tr></table></body>"),
    "a\nb <c>\n\nd  e\n",
  );
});

Deno.test("unsubscribing stands at the foot where there is such a thing", async () => {
  const { html, text } = await render("weekly_digest", undefined, {
    unsubscribeUrl: "https://api.example.com/u?t=1",
    preferencesUrl: "https://api.example.com/p?t=1",
  });
  assertStringIncludes(html, 'href="https://api.example.com/u?t=1"');
  assertStringIncludes(
    text,
    "Unsubscribe: https://api.example.com/u?t=1 · Choose what you get: https://api.example.com/p?t=1",
  );
  assert(!(await render("magic_link")).html.includes("nsubscribe"));
});

Deno.test("a brand gives name, colour, logo and address", async () => {
  const brand = {
    ...DEFAULT_BRAND,
    name: "Acme <3",
    color: "#ffd400",
    logoUrl: "https://acme.example/logo.png",
    address: "1 Mill Lane",
  };
  const { html } = await render("magic_link", undefined, { brand });
  assertStringIncludes(html, 'alt="Acme &lt;3"');
  assertStringIncludes(html, 'bgcolor="#ffd400"');
  assertStringIncludes(html, "color:#111111;text-decoration:none");
  assertStringIncludes(html, "1 Mill Lane");
  assertEquals([readableOn("#1f5fbf"), readableOn("#ffffff"), readableOn("#000000")], [
    "#ffffff",
    "#111111",
    "#ffffff",
  ]);
});

Deno.test("dates, numbers and amounts are written for the receiver", () => {
  const english = createFormat(undefined, undefined);
  assertEquals(english.date("2026-11-20T23:30:00Z"), "20 November 2026");
  assertEquals(createFormat("en-GB", "Asia/Tokyo").date("2026-11-20T23:30:00Z"), "21 November 2026");
  assertMatch(createFormat("de", "Europe/Berlin").dateTime("2026-11-20T12:00:00Z"), /20\. November 2026.*13:00/);
  assertEquals(createFormat("no such locale!", "Mars/Olympus").number(1234.5), "1,234.5");
  assertEquals(english.money(1_999, "eur"), "€19.99");
  assertEquals(english.money(-5, "usd"), "-US$0.05");
  assertEquals(english.money(1_999, "JPY"), "JP¥1,999");
  assertEquals(english.money(1_999, "kwd").replace(/\s/, " "), "KWD 1.999");
  assertEquals(english.money(900_719_925_474_099, "usd"), "US$9,007,199,254,740.99");
});

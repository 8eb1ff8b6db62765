import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { DEFAULT_BRAND } from "./brand.ts";
import { type PageState, type PreferencesView, renderPreferencesPage } from "./preferences_page.tsx";

const VIEW: PreferencesView = {
  organization: "<Ada> & Sons",
  address: "g•••@example.com",
  category: "digests",
  preferences: { alerts: true, digests: false, product: true },
};
const STATES: readonly PageState[] = ["choose", "saved", "ask", "unsubscribed", "gone"];

function page(state: PageState, view: PreferencesView | null = VIEW, brand = DEFAULT_BRAND) {
  return renderPreferencesPage({ brand, view, state, preferencesUrl: "https://x.example/preferences" });
}

Deno.test("every state is a page with a title, one heading and the look that its policy allows", async () => {
  for (const state of STATES) {
    const { html, policy } = await page(state);
    assertEquals([html.match(/<h1>/g)?.length, html.match(/<main>/g)?.length], [1, 1]);
    assertStringIncludes(html, '<html lang="en">');
    // No script, nothing from elsewhere, and no style that the policy does not name.
    for (const word of ["<script", " style=", "onclick", "http-equiv", "<link"]) assert(!html.includes(word), word);
    const css = /<style>([^]*)<\/style>/.exec(html)?.[1] ?? "";
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(css)));
    assertStringIncludes(policy, `style-src 'sha256-${btoa(String.fromCharCode(...digest))}'`);
    for (const part of ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      assertStringIncludes(policy, part);
    }
    assert(!html.includes("<Ada>"));
  }
});

Deno.test("each box has a label and says what it is for", async () => {
  const { html } = await page("choose");
  for (const [, id] of html.matchAll(/<input type="checkbox" id="(\w+)"/g)) {
    assertStringIncludes(html, `<label for="${id}">`);
    assertStringIncludes(html, `aria-describedby="${id}-says"`);
    assertStringIncludes(html, `<p id="${id}-says">`);
  }
  assertEquals(html.match(/type="checkbox"/g)?.length, 3);
  assertEquals(html.match(/ checked/g)?.length, 2);
  assertStringIncludes(html, "Mails of &lt;Ada&gt; &amp; Sons to g•••@example.com");
  assertStringIncludes((await page("saved")).html, 'role="status"');
});

Deno.test("what is needed has no button, what is nobody's bears the name of the platform", async () => {
  const needed: PreferencesView = { ...VIEW, category: "transactional", organization: null };
  for (const state of ["ask", "unsubscribed"] as const) {
    assert(!(await page(state, needed)).html.includes("<button"));
  }
  assertStringIncludes((await page("choose", needed)).html, "Mails of Millrace to");
  assertStringIncludes((await page("gone", null)).html, "leads nowhere");
});

Deno.test("a logo is the only image that may be loaded", async () => {
  const { html, policy } = await page("choose", VIEW, { ...DEFAULT_BRAND, logoUrl: "https://cdn.example/logo.png" });
  assertStringIncludes(policy, "; img-src https://cdn.example");
  assertStringIncludes(html, '<img src="https://cdn.example/logo.png" alt="Millrace"/>');
});

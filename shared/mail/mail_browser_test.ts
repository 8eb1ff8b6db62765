/**
 * Every mail in a real browser, where there is one: in light and dark colours, on a phone and on a desk, in the
 * platform's colours and in those of tenants, nothing runs out of the window and everything can be read.
 *
 * `MAIL_PICTURES=folder` leaves pictures there.
 *
 * @module
 */
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { hasBrowser, look } from "../../tests/helpers/browser.ts";
import { DEFAULT_BRAND } from "./brand.ts";
import { renderMail } from "./render_mail.tsx";
import { findMailTemplate, TEMPLATE_NAMES } from "./templates.ts";

/** Colours that tenants choose: one that white can hardly be read on, one that is nearly the dark background. */
const COLORS = { platform: DEFAULT_BRAND.color, bright: "#ffe600", dark: "#101418" };
const WIDTHS = [320, 800];
/** WCAG 2.2, 1.4.3: of text, and of large text (24 px, or 18.66 px when bold). */
const LEAST_CONTRAST = { text: 4.5, large: 3 };

/** What the script in the page found in one mail. */
interface Finding {
  readonly name: string;
  readonly width: number;
  /** Pixels that it is wider than the window. */
  readonly overflow: number;
  /** Pieces of text that were looked at. */
  readonly texts: number;
  readonly unreadable: readonly { text: string; contrast: number; color: string; background: string }[];
  /** Relative luminance of what lies behind everything. */
  readonly ground: number;
}

async function pages(): Promise<Record<string, string>> {
  const made: Record<string, string> = {};
  const links = { unsubscribeUrl: "https://a.example/u", preferencesUrl: "https://a.example/p" };
  for (const [colors, color] of Object.entries(COLORS)) {
    const brand = { ...DEFAULT_BRAND, name: "Acme", color, address: "1 Main Street, Springfield" };
    for (const name of TEMPLATE_NAMES) {
      const template = await findMailTemplate(name);
      assert(template);
      const frontendUrl = "https://app.example.com";
      made[`${name}-${colors}`] = renderMail(template, template.example, { brand, frontendUrl, ...links }).html;
    }
  }
  return made;
}

/** A page that holds all of them and writes down what it finds. It runs in the browser. */
function audit(names: readonly string[], width: number): string {
  const frames = names.map((name) => `<iframe name="${name}" src="/${name}" width="${width}" height="900"></iframe>`);
  return `<!doctype html><body>${frames.join("")}<script>
    const parse = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
    const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
    const behind = (view, element) => {
      for (let at = element; at !== null; at = at.parentElement) {
        const [r, g, b, a = 1] = parse(view.getComputedStyle(at).backgroundColor);
        if (a > 0) return [r, g, b];
      }
      return canvas;
    };
    const look = (frame) => {
      const { contentDocument: page, contentWindow: view } = frame;
      const unreadable = [];
      let texts = 0;
      const walk = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
      for (let node = walk.nextNode(); node !== null; node = walk.nextNode()) {
        const text = node.data.trim();
        const element = node.parentElement;
        const style = view.getComputedStyle(element);
        const { width, height } = element.getBoundingClientRect();
        if (text === "" || width === 0 || height < 2 || style.visibility === "hidden" || style.opacity === "0") continue;
        if (/^(STYLE|SCRIPT|TITLE)$/.test(element.tagName) || /^[\\s\\u200c\\u00a0]+$/.test(text)) continue;
        texts++;
        const [front, back] = [parse(style.color), behind(view, element)];
        const [high, low] = [luminance(front), luminance(back)].sort((a, b) => b - a);
        const contrast = (high + 0.05) / (low + 0.05);
        const size = parseFloat(style.fontSize);
        const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        if (contrast < (isLarge ? ${LEAST_CONTRAST.large} : ${LEAST_CONTRAST.text})) {
          unreadable.push({ text: text.slice(0, 60), contrast, color: front.join(), background: back.join() });
        }
      }
      return {
        name: frame.name, width: ${width}, overflow: page.documentElement.scrollWidth - frame.clientWidth, texts, unreadable,
        ground: luminance(behind(view, page.body)),
      };
    };
    addEventListener("load", () => {
      const found = [...document.querySelectorAll("iframe")].map(look);
      document.body.innerHTML = "";
      document.body.textContent = "FOUND" + JSON.stringify(found) + "DNUOF";
    });
  </script>`;
}

function findingsIn(dom: string): Finding[] {
  const [, text = "[]"] = /FOUND(.*)DNUOF/s.exec(dom) ?? [];
  return JSON.parse(text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));
}

async function withPages(made: Record<string, string>, work: (url: string) => Promise<void>): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const width = searchParams.get("width");
    const page = width === null ? made[pathname.slice(1)] : audit(Object.keys(made), Number(width));
    return new Response(page ?? "", {
      status: page === undefined ? 404 : 200,
      headers: { "content-type": "text/html" },
    });
  });
  try {
    await work(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

for (const isDark of [false, true]) {
  Deno.test({
    name: `in a browser every mail fits and can be read, in ${isDark ? "dark" : "light"} colours`,
    ignore: !hasBrowser,
    fn: async () => {
      const made = await pages();
      await withPages(made, async (url) => {
        const faults: unknown[] = [];
        for (const width of WIDTHS) {
          const found = findingsIn((await look(`${url}/?width=${width}`, { isDark })).dom);
          assertEquals(found.length, Object.keys(made).length);
          for (const { name, overflow, texts, unreadable, ground } of found) {
            const isGround = isDark ? ground < 0.1 : ground > 0.8;
            if (overflow > 0 || unreadable.length > 0 || texts < 4 || !isGround) {
              faults.push({ name, width, overflow, texts, ground, unreadable });
            }
          }
        }
        const folder = Deno.env.get("MAIL_PICTURES");
        for (const name of folder === undefined ? [] : Object.keys(made)) {
          const picture = `${folder}/${name}-${isDark ? "dark" : "light"}.png`;
          await look(`${url}/${name}`, { isDark, picture, window: [640, 900] });
        }
        assertEquals(faults, []);
      });
    },
  });
}

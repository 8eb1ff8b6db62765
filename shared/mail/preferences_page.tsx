/** @jsxImportSource hono/jsx */
/**
 * The page behind the links of a mail: which mails somebody wants. It works without a script and without anything from
 * elsewhere but a logo.
 *
 * @module
 */
import type { Child } from "hono/jsx";
import { type Brand, legible, readableOn } from "./brand.ts";
import type { MailCategory } from "./define_template.ts";

/** A category that people may switch off. */
export type OptionalCategory = Exclude<MailCategory, "transactional">;

/** Which mails somebody wants. */
export type MailWishes = Readonly<Record<OptionalCategory, boolean>>;

/** What the page is about. */
export interface PreferencesView {
  /** Whose mails; null = the platform's own. */
  readonly organization: string | null;
  /** The receiver, so that only they know it: {@link maskAddress}. */
  readonly address: string;
  /** The category of the mail with the link. */
  readonly category: MailCategory;
  readonly preferences: MailWishes;
}

/** What the page shows: the choice, the question of one click, what came of it, or that the link leads nowhere. */
export type PageState = "choose" | "saved" | "ask" | "unsubscribed" | "gone";

/** A page, and what a browser may do with it. */
export interface RenderedPage {
  readonly html: string;
  /** For `Content-Security-Policy`. */
  readonly policy: string;
}

/** What there is to choose, in the order of the page. */
export const OPTIONAL_CATEGORIES: readonly OptionalCategory[] = ["alerts", "digests", "product"];

const WORDS: Readonly<Record<OptionalCategory, { readonly title: string; readonly says: string }>> = {
  alerts: {
    title: "Alerts",
    says: "Something failed or needs you: failures, limits, approvals, secrets that expire.",
  },
  digests: { title: "Summaries", says: "What the flows did in a day or a week." },
  product: { title: "News", says: "What is new, and how it is used." },
};

/**
 * An address that its owner knows and nobody else: a mail may have been passed on.
 *
 * @param address Such as `grace@example.com`.
 * @returns `g•••@example.com`.
 */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf("@");
  const first = [...address.slice(0, at)][0] ?? "";
  return `${at > 1 ? first : ""}•••${address.slice(at)}`;
}

/**
 * Writes the page.
 *
 * @param options.view What it is about; null only when the link leads nowhere. Its forms are sent to the page's own
 * address.
 */
export async function renderPreferencesPage(
  { brand, view, state, preferencesUrl }: {
    readonly brand: Brand;
    readonly view: PreferencesView | null;
    readonly state: PageState;
    /** Where the choice is; null = nowhere. */
    readonly preferencesUrl: string | null;
  },
): Promise<RenderedPage> {
  const css = styles(brand.color);
  const title = titleOf(state);
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{title} · {brand.name}</title>
        <style dangerouslySetInnerHTML={{ __html: css }} />
      </head>
      <body>
        <main>
          <p class="brand">{brand.logoUrl === null ? brand.name : <img src={brand.logoUrl} alt={brand.name} />}</p>
          <div class="card">
            <h1>{title}</h1>
            {view === null || state === "gone"
              ? <Gone />
              : <Card {...{ whose: view.organization ?? brand.name, view, state, preferencesUrl }} />}
          </div>
          <p class="foot">{brand.name}{brand.address === null ? null : ` · ${brand.address}`}</p>
        </main>
      </body>
    </html>
  );
  const images = brand.logoUrl === null ? "" : `; img-src ${new URL(brand.logoUrl).origin}`;
  const policy = `default-src 'none'; style-src 'sha256-${await sha256(css)}'; form-action 'self'; base-uri 'none'; ` +
    `frame-ancestors 'none'${images}`;
  return { html: `<!doctype html>${page}`, policy };
}

function titleOf(state: PageState): string {
  if (state === "gone") return "This link leads nowhere";
  if (state === "ask") return "Unsubscribe";
  return state === "unsubscribed" ? "You are unsubscribed" : "Your mails";
}

function Gone() {
  return (
    <p>
      It is not complete, or the mail that it came with is older than 90 days. Use the link at the foot of a newer mail.
    </p>
  );
}

interface CardProps {
  /** Whose mails. */
  readonly whose: string;
  readonly view: PreferencesView;
  readonly state: PageState;
  readonly preferencesUrl: string | null;
}

function Card({ whose, view, state, preferencesUrl }: CardProps): Child {
  if (state === "ask") {
    return (
      <>
        <p>
          {view.category === "transactional"
            ? <>This mail is needed for your account and cannot be switched off.</>
            : (
              <>
                Send no more <b>{WORDS[view.category].title.toLowerCase()}</b> of {whose} to {view.address}?
              </>
            )}
        </p>
        {view.category === "transactional" ? null : (
          <form method="post">
            <input type="hidden" name="List-Unsubscribe" value="One-Click" />
            <button type="submit">Unsubscribe</button>
          </form>
        )}
        <Other href={preferencesUrl}>Choose among all mails</Other>
      </>
    );
  }
  if (state === "unsubscribed") {
    return (
      <>
        <p role="status">
          {view.category === "transactional"
            ? <>This mail is needed for your account and cannot be switched off.</>
            : (
              <>
                No more <b>{WORDS[view.category].title.toLowerCase()}</b> of {whose} go to {view.address}.
              </>
            )}
        </p>
        <Other href={preferencesUrl}>Change that, or choose among all mails</Other>
      </>
    );
  }
  return (
    <>
      {state === "saved" ? <p role="status" class="saved">Saved.</p> : null}
      <form method="post">
        <fieldset>
          <legend>Mails of {whose} to {view.address}</legend>
          {OPTIONAL_CATEGORIES.map((name) => (
            <div class="choice" key={name}>
              <input
                type="checkbox"
                id={name}
                name="on"
                value={name}
                checked={view.preferences[name]}
                aria-describedby={`${name}-says`}
              />
              <div>
                <label for={name}>{WORDS[name].title}</label>
                <p id={`${name}-says`}>{WORDS[name].says}</p>
              </div>
            </div>
          ))}
        </fieldset>
        <button type="submit">Save</button>
      </form>
      <p class="small">
        Mails that your account needs (signing in, invitations, receipts) are always sent.
      </p>
    </>
  );
}

function Other({ href, children }: { href: string | null; children?: Child }) {
  return href === null ? null : (
    <p>
      <a href={href}>{children}</a>
    </p>
  );
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...digest));
}

function styles(color: string): string {
  const font = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
  const pale = legible(color, "#191d23");
  return [
    ":root{color-scheme:light dark;" +
    `--page:#f1f3f5;--card:#fff;--line:#d5dae0;--ink:#16191d;--text:#3a4048;--mute:#5b636c;--good:#1a7f37;` +
    `--accent:${color};--on-accent:${readableOn(color)};--link:${legible(color, "#ffffff")}}`,
    "@media (prefers-color-scheme:dark){:root{--page:#0f1216;--card:#191d23;--line:#3a424b;--ink:#f0f3f6;--text:#c9d1d9;" +
    `--mute:#9aa4af;--good:#4ac26b;--accent:${pale};--on-accent:${readableOn(pale)};--link:${pale}}}`,
    "*{box-sizing:border-box}",
    `body{margin:0;background:var(--page);color:var(--text);font:400 16px/25px ${font}}`,
    "main{max-width:520px;margin:0 auto;padding:40px 16px}",
    ".brand{margin:0 4px 16px;font-weight:700;font-size:18px;color:var(--ink)}.brand img{display:block;height:40px;width:auto}",
    ".card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:32px}",
    "h1{margin:0 0 16px;font-weight:600;font-size:24px;line-height:32px;color:var(--ink)}",
    "p{margin:0 0 16px;overflow-wrap:anywhere}.card>:last-child{margin-bottom:0}b{color:var(--ink);font-weight:600}",
    "fieldset{margin:0 0 24px;padding:0;border:0;min-width:0}legend{padding:0;margin:0 0 12px;overflow-wrap:anywhere}",
    ".choice{display:flex;gap:12px;padding:14px 0;border-top:1px solid var(--line)}.choice>div{flex:1;min-width:0}",
    ".choice input{flex:none;width:22px;height:22px;margin:1px 0 0;accent-color:var(--accent)}",
    ".choice label{display:block;font-weight:600;color:var(--ink);cursor:pointer}",
    ".choice p{margin:2px 0 0;font-size:14px;line-height:21px;color:var(--mute)}",
    "button{font:inherit;font-weight:600;min-height:48px;padding:12px 26px;border:0;border-radius:8px;" +
    "background:var(--accent);color:var(--on-accent);cursor:pointer}",
    "form{margin:0 0 20px}a{color:var(--link)}",
    ":focus-visible{outline:3px solid var(--link);outline-offset:3px;border-radius:4px}",
    ".saved{color:var(--good);font-weight:600}.small,.foot{font-size:14px;line-height:21px;color:var(--mute)}.foot{margin:18px 4px 0}",
    "@media (max-width:480px){main{padding:20px 10px}.card{padding:24px 20px}button{width:100%}}",
    "@media (forced-colors:active){.card{border-color:CanvasText}button{border:1px solid ButtonText}}",
  ].join("\n");
}

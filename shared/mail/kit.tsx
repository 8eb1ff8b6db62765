/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written once, as text: there is nothing to tell apart later
/**
 * What mails are built of: tables and inline styles for clients that know no CSS, classes for those that do, so that
 * colours change with the reader's theme. Whatever is text is escaped by JSX.
 *
 * @module
 */
import { type Child, createContext, useContext } from "hono/jsx";
import { type Brand, DEFAULT_BRAND, legible, readableOn } from "./brand.ts";
import { isSafeUrl } from "./safe_url.ts";

const FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace";

/** What text stands on. */
const CARD = { light: "#ffffff", dark: "#191d23" };

/** Whose mail is being written: for colours that must stand inline. */
const BrandContext = createContext<Brand>(DEFAULT_BRAND);

interface WithChildren {
  children?: Child;
}

/** The title. */
export function Title({ children }: WithChildren) {
  return (
    <h1 class="ink" style={`margin:0 0 16px;font:600 24px/32px ${FONT};color:#16191d;letter-spacing:-0.2px`}>
      {children}
    </h1>
  );
}

/** A heading within the mail. */
export function Heading({ children }: WithChildren) {
  return <h2 class="ink" style={`margin:28px 0 8px;font:600 16px/24px ${FONT};color:#16191d`}>{children}</h2>;
}

/** A paragraph. */
export function Text({ children }: WithChildren) {
  return (
    <p class="text" style={`margin:0 0 16px;font:400 16px/25px ${FONT};color:#3a4048;overflow-wrap:anywhere`}>
      {children}
    </p>
  );
}

/** A text of somebody's: line breaks stay. */
export function Quote({ text }: { text: string }) {
  return (
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border={0} style="margin:0 0 20px">
      <tr>
        <td
          class="soft text"
          bgcolor="#f4f6f8"
          style={`padding:14px 18px;border-left:3px solid #c9d1da;border-radius:4px;font:400 15px/23px ${FONT};` +
            "color:#3a4048;overflow-wrap:anywhere;word-break:break-word"}
        >
          {text.split(/\r?\n/).map((part, index) => index === 0 ? part : [<br />, part])}
        </td>
      </tr>
    </table>
  );
}

/** A smaller remark. */
export function Remark({ children }: WithChildren) {
  return (
    <p class="mute" style={`margin:0 0 12px;font:400 14px/21px ${FONT};color:#656d76;overflow-wrap:anywhere`}>
      {children}
    </p>
  );
}

/** Strong words. */
export function Strong({ children }: WithChildren) {
  return <strong class="ink" style="font-weight:600;color:#16191d">{children}</strong>;
}

/** A link. Refused unless it is a web page. */
export function Link({ href, children }: WithChildren & { href: string }) {
  const { color } = useContext(BrandContext);
  return (
    <a class="link" href={checked(href)} style={`color:${legible(color, CARD.light)};text-decoration:underline`}>
      {children}
    </a>
  );
}

/** A button that is one in every client: a cell with a colour of its own around the link. */
export function Button({ href, children }: WithChildren & { href: string | null }) {
  const { color } = useContext(BrandContext);
  if (href === null) return null;
  return (
    <table role="presentation" cellpadding="0" cellspacing="0" border={0} style="margin:8px 0 24px">
      <tr>
        <td bgcolor={color} style="border-radius:8px;mso-padding-alt:13px 26px">
          <a
            href={checked(href)}
            target="_blank"
            rel="noopener noreferrer"
            style={`display:inline-block;padding:13px 26px;border-radius:8px;font:600 16px/22px ${FONT};` +
              `color:${readableOn(color)};text-decoration:none`}
          >
            {children}
          </a>
        </td>
      </tr>
    </table>
  );
}

/** The same address as text, for clients that show no button. */
export function Fallback({ href }: { href: string | null }) {
  if (href === null) return null;
  return (
    <p
      class="mute text-skip"
      style={`margin:0 0 16px;font:400 13px/20px ${FONT};color:#656d76;overflow-wrap:anywhere;word-break:break-word`}
    >
      If the button does not work, open this address: <Link href={href}>{href}</Link>
    </p>
  );
}

/** A code to type. */
export function Code({ children }: WithChildren) {
  return (
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border={0} style="margin:0 0 20px">
      <tr>
        <td
          class="soft ink"
          align="center"
          bgcolor="#f4f6f8"
          style={`padding:18px;border-radius:8px;font:600 30px/38px ${MONO};letter-spacing:6px;color:#16191d`}
        >
          {children}
        </td>
      </tr>
    </table>
  );
}

/** A word as a program knows it. */
export function Mono({ children }: WithChildren) {
  return (
    <code class="ink" style={`font:500 14px/22px ${MONO};color:#16191d;overflow-wrap:anywhere;word-break:break-all`}>
      {children}
    </code>
  );
}

/** Names and values, one pair a row. Pairs without a value are left out. */
export function Facts({ rows }: { rows: readonly (readonly [string, Child])[] }) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return (
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border={0} style="margin:0 0 24px">
      {shown.map(([name, value]) => (
        <tr class="fact">
          <td
            class="line mute"
            valign="top"
            width="38%"
            style={`padding:10px 12px 10px 0;border-bottom:1px solid #e4e8ec;font:400 14px/21px ${FONT};color:#656d76`}
          >
            {name}
          </td>
          <td
            class="line ink"
            valign="top"
            style={`padding:10px 0;border-bottom:1px solid #e4e8ec;font:500 14px/21px ${FONT};color:#16191d;` +
              "overflow-wrap:anywhere;word-break:break-word"}
          >
            {value}
          </td>
        </tr>
      ))}
    </table>
  );
}

/** A table with a head; every column but the first is to the right. The last row of the foot is the sum. */
export function Table({ head, rows, foot }: {
  head: readonly string[];
  rows: readonly (readonly Child[])[];
  foot?: readonly (readonly Child[])[];
}) {
  const pad = (index: number) => index === 0 ? "10px 12px 10px 0" : "10px 0 10px 12px";
  const cell = (value: Child, index: number, strong: boolean) => (
    <td
      class={strong || index === 0 ? "line ink" : "line text"}
      align={index === 0 ? "left" : "right"}
      valign="top"
      style={`padding:${pad(index)};border-bottom:1px solid #e4e8ec;font:${
        strong ? 600 : 400
      } 14px/21px ${FONT};color:${strong || index === 0 ? "#16191d" : "#3a4048"};${
        index === 0 ? "overflow-wrap:anywhere;word-break:break-word" : "white-space:nowrap"
      }`}
    >
      {value}
    </td>
  );
  return (
    <table width="100%" cellpadding="0" cellspacing="0" border={0} style="margin:0 0 24px">
      <tr>
        {head.map((name, index) => (
          <th
            class="line mute"
            scope="col"
            align={index === 0 ? "left" : "right"}
            style={`padding:${pad(index)};border-bottom:1px solid #e4e8ec;font:500 13px/20px ${FONT};color:#656d76`}
          >
            {name}
          </th>
        ))}
      </tr>
      {rows.map((row) => <tr>{row.map((value, index) => cell(value, index, false))}</tr>)}
      {(foot ?? []).map((row, at, all) => (
        <tr>{row.map((value, index) => cell(value, index, at === all.length - 1))}</tr>
      ))}
    </table>
  );
}

/** Large numbers side by side. */
export function Figures({ figures }: { figures: readonly { value: string; label: string; tone?: Tone }[] }) {
  return (
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border={0} style="margin:0 0 24px">
      <tr>
        {figures.map(({ value, label, tone = "neutral" }, index) => (
          <td
            class="soft figure"
            align="center"
            valign="top"
            bgcolor="#f4f6f8"
            width={`${Math.floor(100 / figures.length)}%`}
            style={`padding:16px 8px;${index === 0 ? "" : "border-left:6px solid #ffffff;"}`}
          >
            <div class={`tone-${tone}`} style={`font:600 24px/32px ${FONT};color:${TONES[tone]}`}>{value}</div>
            <div class="mute" style={`font:400 13px/20px ${FONT};color:#656d76`}>{label}</div>
          </td>
        ))}
      </tr>
    </table>
  );
}

/** How something is to be taken. */
export type Tone = "neutral" | "good" | "warning" | "bad";

const TONES: Record<Tone, string> = { neutral: "#16191d", good: "#1a7f37", warning: "#9a6700", bad: "#c4232e" };

/** A word above the title that says how serious it is. */
export function Badge({ tone, children }: WithChildren & { tone: Tone }) {
  return (
    <p
      class={`tone-${tone}`}
      style={`margin:0 0 6px;font:600 13px/20px ${FONT};color:${TONES[tone]};letter-spacing:0.3px`}
    >
      {children}
    </p>
  );
}

/** How much of something is used, as a bar that needs no image. */
export function Meter({ share, tone }: { share: number; tone: Tone }) {
  const percent = Math.max(1, Math.min(100, Math.round(share * 100)));
  return (
    <table
      class="text-skip"
      role="presentation"
      width="100%"
      cellpadding="0"
      cellspacing="0"
      border={0}
      style="margin:0 0 24px;table-layout:fixed"
    >
      <tr>
        <td
          class={`fill-${tone}`}
          bgcolor={TONES[tone]}
          width={`${percent}%`}
          height="10"
          style="font-size:1px;line-height:10px;border-radius:5px"
        >
          &nbsp;
        </td>
        {percent < 100
          ? (
            <td class="soft" bgcolor="#e9edf1" height="10" style="font-size:1px;line-height:10px;border-radius:5px">
              &nbsp;
            </td>
          )
          : null}
      </tr>
    </table>
  );
}

/** What {@linkcode Layout} is given beside the body. */
export interface LayoutProps extends WithChildren {
  brand: Brand;
  locale: string;
  subject: string;
  preheader: string;
  reason: string;
  unsubscribeUrl: string | null;
  preferencesUrl: string | null;
}

/** The whole page: head, card of 600 pixels, foot. */
export function Layout(props: LayoutProps) {
  const { brand, locale, subject, preheader, reason, unsubscribeUrl, preferencesUrl, children } = props;
  const foot = `font:400 13px/20px ${FONT};color:#656d76`;
  return (
    <html lang={locale} xmlns="http://www.w3.org/1999/xhtml">
      <head>
        <meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <meta name="x-apple-disable-message-reformatting" />
        <meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no" />
        <title>{subject}</title>
        <style dangerouslySetInnerHTML={{ __html: styles(brand) }} />
      </head>
      <body
        class="page"
        bgcolor="#f1f3f5"
        style="margin:0;padding:0;background-color:#f1f3f5;-webkit-text-size-adjust:100%"
      >
        <div
          class="text-skip"
          style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all;font-size:1px;line-height:1px;color:#f1f3f5"
        >
          {preheader}
          {"\u00a0\u200c".repeat(60)}
        </div>
        <table
          class="page"
          role="presentation"
          width="100%"
          cellpadding="0"
          cellspacing="0"
          border={0}
          bgcolor="#f1f3f5"
        >
          <tr>
            <td class="outer" align="center" style="padding:32px 16px">
              <table
                role="presentation"
                width="600"
                cellpadding="0"
                cellspacing="0"
                border={0}
                style="width:100%;max-width:600px"
              >
                <tr>
                  <td class="text-skip" align="left" style="padding:0 4px 18px">
                    <Head brand={brand} />
                  </td>
                </tr>
                <tr>
                  <td
                    class="card"
                    align="left"
                    bgcolor="#ffffff"
                    style="padding:36px 40px 24px;border-radius:12px;border:1px solid #e1e5e9"
                  >
                    <BrandContext.Provider value={brand}>{children}</BrandContext.Provider>
                  </td>
                </tr>
                <tr>
                  <td class="foot mute" align="left" style={`padding:20px 8px 0;${foot}`}>
                    <p style="margin:0 0 6px">{reason}</p>
                    {unsubscribeUrl === null && preferencesUrl === null ? null : (
                      <p style="margin:0 0 6px">
                        {unsubscribeUrl === null ? null : <FootLink href={unsubscribeUrl}>Unsubscribe</FootLink>}
                        {unsubscribeUrl === null || preferencesUrl === null ? null : " · "}
                        {preferencesUrl === null
                          ? null
                          : <FootLink href={preferencesUrl}>Choose what you get</FootLink>}
                      </p>
                    )}
                    <p style="margin:0">{brand.name}{brand.address === null ? null : ` · ${brand.address}`}</p>
                  </td>
                </tr>
              </table>
            </td>
          </tr>
        </table>
      </body>
    </html>
  );
}

function Head({ brand }: { brand: Brand }) {
  const mark = brand.logoUrl === null
    ? <span class="ink" style={`font:700 18px/24px ${FONT};color:#16191d;letter-spacing:-0.2px`}>{brand.name}</span>
    : (
      <img
        src={checked(brand.logoUrl)}
        alt={brand.name}
        height="40"
        style={`display:block;height:40px;width:auto;border:0;font:700 18px/40px ${FONT};color:#16191d`}
      />
    );
  return brand.url === null ? mark : <a href={checked(brand.url)} style="text-decoration:none;color:#16191d">{mark}</a>;
}

function FootLink({ href, children }: WithChildren & { href: string }) {
  return <a class="mute" href={checked(href)} style="color:#656d76;text-decoration:underline">{children}</a>;
}

function checked(href: string): string {
  if (!isSafeUrl(href)) throw new TypeError("A mail holds an address that is no web page");
  return href;
}

/** Only what inline styles cannot say: themes and narrow screens. `[data-ogsc]` is Outlook's dark mode. */
function styles({ color }: Brand): string {
  const dark = [
    [".page", "background-color:#0f1216"],
    [".card", `background-color:${CARD.dark};border-color:#2b3138`],
    [".ink", "color:#f0f3f6"],
    [".text", "color:#c9d1d9"],
    [".mute", "color:#9aa4af"],
    [".soft", "background-color:#22272e"],
    [".figure", "border-color:#191d23"],
    [".line", "border-color:#2f363e"],
    [".link", `color:${legible(color, CARD.dark)}`],
    [".tone-good", "color:#4ac26b"],
    [".tone-warning", "color:#e0b04b"],
    [".tone-bad", "color:#ff7b72"],
    [".tone-neutral", "color:#f0f3f6"],
  ].map(([name, rule]) => [name, rule!.split(";").map((part) => `${part}!important`).join(";")]);
  return [
    ":root{color-scheme:light dark;supported-color-schemes:light dark}",
    "@media (max-width:480px){.outer{padding:16px 8px!important}.card{padding:28px 22px 16px!important}" +
    ".fact td{display:block!important;width:auto!important}" +
    ".fact td:first-child{padding-bottom:0!important;border-bottom:0!important}.fact td:last-child{padding-top:2px!important}" +
    ".figure{display:block!important;width:auto!important;border-left:0!important;margin-bottom:6px!important}}",
    `@media (prefers-color-scheme:dark){${dark.map(([name, rule]) => `${name}{${rule}}`).join("")}}`,
    dark.map(([name, rule]) => `[data-ogsc] ${name}{${rule}}`).join(""),
  ].join("\n");
}

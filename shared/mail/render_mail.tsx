/** @jsxImportSource hono/jsx */
import { type Brand, DEFAULT_BRAND } from "./brand.ts";
import type { AnyMailTemplate, MailContext } from "./define_template.ts";
import { createFormat, oneLine } from "./format.ts";
import { Layout } from "./kit.tsx";
import { isSafeUrl } from "./safe_url.ts";
import { toText } from "./to_text.ts";

/** A mail as it goes out. */
export interface RenderedMail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/** What a mail is written with. */
export interface RenderOptions {
  readonly brand?: Brand;
  /** In which dates are written when the data names no time zone, IANA; UTC otherwise. */
  readonly timeZone?: string | undefined;
  /** Where paths of links begin; null = there is no frontend. */
  readonly frontendUrl?: string | null;
  /** Where the receiver switches this kind of mail off with one click. */
  readonly unsubscribeUrl?: string | null;
  /** Where the receiver chooses. */
  readonly preferencesUrl?: string | null;
}

/**
 * Writes a mail. The same data gives the same mail, to the byte: a provider that is asked twice under one key must see one
 * request.
 *
 * @param template Its kind.
 * @param input Its data, not checked yet.
 * @throws {ZodError} When the data does not fit.
 * @throws {TypeError} When an address in it is no web page.
 */
export function renderMail(template: AnyMailTemplate, input: unknown, options: RenderOptions = {}): RenderedMail {
  const data = template.schema.parse(input) as Record<string, unknown>;
  const { brand = DEFAULT_BRAND, frontendUrl = null, unsubscribeUrl = null, preferencesUrl = null } = options;
  const locale = typeof data.locale === "string" ? data.locale : undefined;
  const context: MailContext = {
    ...createFormat(locale, typeof data.time_zone === "string" ? data.time_zone : options.timeZone),
    brand: brand.name,
    link(path) {
      if (path === null || path === undefined) return null;
      if (!path.startsWith("/")) return path;
      return frontendUrl === null ? null : `${frontendUrl}${path}`;
    },
  };
  const { Body } = template;
  const subject = oneLine(template.subject(data, context), 150);
  const page = (
    <Layout
      brand={brand}
      locale="en"
      subject={subject}
      preheader={oneLine(template.preheader(data, context), 140)}
      reason={template.reason(data, context)}
      unsubscribeUrl={unsubscribeUrl}
      preferencesUrl={preferencesUrl}
    >
      <Body data={data} context={context} />
    </Layout>
  );
  const html = `<!doctype html>${page}`;
  checkAddresses(html);
  return { subject, html, text: toText(html) };
}

/** The kit refuses addresses by itself; this finds what a template wrote past it. */
function checkAddresses(html: string): void {
  for (const [, address = ""] of html.matchAll(/\s(?:href|src|action|background)="([^"]*)"/g)) {
    if (!isSafeUrl(address.replaceAll("&amp;", "&").replaceAll("&#39;", "'"))) {
      throw new TypeError("A mail holds an address that is no web page");
    }
  }
}

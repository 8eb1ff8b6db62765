import type { Env } from "../../shared/env/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { RawHandler } from "../../shared/http/mod.ts";
import {
  brandOf,
  type PageState,
  preferencesUrl,
  renderPreferencesPage,
  withOrganizationBrand,
} from "../../shared/mail/mod.ts";
import type { Receiver } from "./receiver_queries.ts";

type Context = Parameters<RawHandler>[0];

/** The address holds the token: it must go nowhere and be kept nowhere. */
const HEADERS = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-robots-tag": "noindex",
} as const;

/** Whether somebody looks at it with a browser. */
export function wantsPage(c: Context): boolean {
  return /\btext\/html\b/.test(c.req.header("accept") ?? "");
}

/** Sends a browser to the page of the deployment, if it has one of its own. */
export function ownPage(c: Context, env: Env, token: string): Response | null {
  if (env.emailPreferencesUrl === null || !wantsPage(c)) return null;
  return new Response(null, { status: 303, headers: { ...HEADERS, location: preferencesUrl(env, token) } });
}

/**
 * Answers whoever holds a link: with a page for browsers, with JSON for programs.
 *
 * @param receiver What they have chosen; null = the link leads nowhere.
 * @throws {AppError} `not_found`, for programs.
 */
export async function answerReceiver(
  c: Context,
  token: string,
  receiver: Receiver | null,
  state: PageState,
): Promise<Response> {
  const { env } = c.var.request;
  const view = receiver?.view ?? null;
  if (!wantsPage(c)) {
    if (view === null) throw notFound("mail");
    return c.json(view, 200, HEADERS);
  }
  const { html, policy } = await renderPreferencesPage({
    brand: withOrganizationBrand(brandOf(env), receiver?.brand),
    view,
    state: view === null ? "gone" : state,
    preferencesUrl: view === null ? null : preferencesUrl(env, token),
  });
  return new Response(html, {
    status: view === null ? 404 : 200,
    headers: { ...HEADERS, "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
  });
}

/**
 * Links by which the receiver of a mail switches such mails off, without signing in: whoever has the mail may say which
 * of its tenant's mails come to its address, and can do nothing else.
 *
 * `<id of the mail>.<signature>`: neither address nor tenant stands in it. It works for as long as the mail is known,
 * 90 days: the law of most countries wants 30.
 *
 * @module
 */
import { fromBase64Url, macKey, toBase64Url } from "../bytes/mod.ts";
import type { Env } from "../env/mod.ts";

/** Where a receiver switches mails off. */
export interface UnsubscribeLinks {
  /** Takes one click (RFC 8058): a POST without anything else. */
  readonly unsubscribeUrl: string;
  /** A page to choose. */
  readonly preferencesUrl: string;
}

/** What the key is for: {@link macKey}. */
const PURPOSE = "mail preferences v1";
const TOKEN = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/;
const encoder = new TextEncoder();

/** The links of a mail. The same mail has the same links, whenever it is written. */
export async function unsubscribeLinks(mail: { readonly id: string }, env: Env): Promise<UnsubscribeLinks> {
  const token = await signMailToken(env, mail.id);
  return {
    unsubscribeUrl: `${env.functionsUrl}/email/unsubscribe/${token}`,
    preferencesUrl: preferencesUrl(env, token),
  };
}

/** Where somebody with a token chooses: the page of the deployment, or ours. */
export function preferencesUrl(env: Env, token: string): string {
  return env.emailPreferencesUrl === null
    ? `${env.functionsUrl}/email/preferences/${token}`
    : `${env.emailPreferencesUrl}#token=${token}`;
}

/** The last part of a link. */
export async function signMailToken(env: Pick<Env, "secretKeys">, mailId: string): Promise<string> {
  const mac = await crypto.subtle.sign("HMAC", await macKey(env.secretKeys.default, PURPOSE), encoder.encode(mailId));
  return `${mailId}.${toBase64Url(new Uint8Array(mac))}`;
}

/**
 * Reads the last part of a link. Every secret key of the project counts: links in mails outlive the change of one.
 *
 * @returns The mail; null when the signature is not ours.
 */
export async function readMailToken(env: Pick<Env, "secretKeys">, token: string): Promise<string | null> {
  const [, mailId, encoded] = TOKEN.exec(token) ?? [];
  const signature = encoded === undefined ? null : fromBase64Url(encoded);
  if (mailId === undefined || signature === null) return null;
  for (const secret of Object.values(env.secretKeys)) {
    const key = await macKey(secret, PURPOSE);
    if (await crypto.subtle.verify("HMAC", key, signature, encoder.encode(mailId))) return mailId;
  }
  return null;
}

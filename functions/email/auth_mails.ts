/**
 * What Supabase Auth wants to tell somebody, as mails.
 * https://supabase.com/docs/guides/auth/auth-hooks/send-email-hook
 *
 * @module
 */
import { z } from "zod";

const text = z.string().max(4_000).nullish();

/** What the hook posts, as far as it is used. */
export const authHookSchema = z.object({
  user: z.object({ id: z.string(), email: text, new_email: text, email_new: text }),
  email_data: z.object({
    token: text,
    token_hash: text,
    token_new: text,
    token_hash_new: text,
    redirect_to: text,
    site_url: text,
    email_action_type: z.string().max(100),
    old_email: text,
    old_phone: text,
    provider: text,
    factor_type: text,
  }),
});

/** What the hook posts. */
export type AuthHook = z.output<typeof authHookSchema>;

/** A mail that Auth asks for. */
export interface AuthMail {
  readonly template: string;
  readonly to: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** What tells it from others: a hash of a token, or nothing. */
  readonly token: string;
}

/**
 * The mails of a call: one, or two when an address is changed and both are asked.
 *
 * @param authUrl The project's address: links lead to its `/auth/v1/verify`.
 * @throws {TypeError} When the action is not known, or what it needs is missing.
 */
export function authMails({ user, email_data: data }: AuthHook, authUrl: string): AuthMail[] {
  const action = data.email_action_type;
  const to = user.email || "";
  const token = data.token_hash || "";
  const link = (hash: string, type = action) => {
    const url = new URL(`${authUrl}/auth/v1/verify`);
    url.searchParams.set("token", hash);
    url.searchParams.set("type", type);
    url.searchParams.set("redirect_to", data.redirect_to || data.site_url || authUrl);
    return url.href;
  };
  const one = (template: string, fields: Readonly<Record<string, unknown>>): AuthMail[] => [
    { template, to: need(to), token, data: fields },
  ];
  const code = data.token || null;
  switch (action) {
    case "signup":
    case "email":
      return one("verification", { action: "signup", url: link(need(token)), code });
    case "invite":
      return one("verification", { action: "invite", url: link(need(token)) });
    case "magiclink":
      return one("magic_link", { url: link(need(token)), code });
    case "recovery":
      return one("password_reset", { url: link(need(token)), code });
    case "reauthentication":
      return one("verification", { action: "reauthentication", code: need(code) });
    case "email_change":
      return emailChange({ user, email_data: data }, link);
  }
  const change = action.replace(/_notification$/, "");
  if (!action.endsWith("_notification") || !CHANGES.includes(change)) throw new TypeError("No such action");
  const detail = data.old_email || data.old_phone || data.provider || data.factor_type || null;
  const mails = one("security_notice", { change, account: to, detail });
  // Whoever lost the address must hear of it where they still read.
  const old = change === "email_changed" ? data.old_email : null;
  return old && old !== to ? [...mails, { ...mails[0]!, to: old }] : mails;
}

const CHANGES = [
  "password_changed",
  "email_changed",
  "phone_changed",
  "identity_linked",
  "identity_unlinked",
  "mfa_factor_enrolled",
  "mfa_factor_unenrolled",
];

/**
 * With both hashes each address gets one. By an old custom of Auth's the names are crossed: `token_hash_new` belongs to the
 * present address and `token`, `token_hash` to the new one and `token_new`.
 */
function emailChange({ user, email_data: data }: AuthHook, link: (hash: string) => string): AuthMail[] {
  const newEmail = need(user.new_email || user.email_new);
  const hash = need(data.token_hash);
  const fields = { action: "email_change", new_email: newEmail };
  if (!data.token_hash_new) {
    const code = data.token || data.token_new || null;
    return [{ template: "verification", to: newEmail, token: hash, data: { ...fields, url: link(hash), code } }];
  }
  const present = data.token_hash_new;
  return [
    {
      template: "verification",
      to: need(user.email),
      token: present,
      data: { ...fields, url: link(present), code: data.token || null },
    },
    {
      template: "verification",
      to: newEmail,
      token: hash,
      data: { ...fields, url: link(hash), code: data.token_new || null },
    },
  ];
}

function need(value: string | null | undefined): string {
  if (!value) throw new TypeError("The call lacks what the action needs");
  return value;
}

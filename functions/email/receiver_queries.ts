/**
 * What the receiver of a mail may do with its links. Nobody has signed in: the signature in the address decides.
 *
 * @module
 */
import { adminClient, rpc } from "../../shared/db/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { maskAddress, type OrganizationBrand, type PreferencesView, readMailToken } from "../../shared/mail/mod.ts";
import type { MailWishChanges } from "./preferences_schemas.ts";

/** The receiver of a mail. */
export interface Receiver {
  readonly view: PreferencesView;
  /** What the organization has set of how its mails look; undefined = nothing. */
  readonly brand: OrganizationBrand | undefined;
}

/** What somebody with the token of a mail has chosen; null = the token is not ours, or the mail is forgotten. */
export function findReceiver(env: Env, token: string): Promise<Receiver | null> {
  return askFor(env, token, "get_mail_preferences");
}

/** Writes down what they choose. */
export function saveReceiver(env: Env, token: string, wanted: MailWishChanges): Promise<Receiver | null> {
  return askFor(env, token, "set_mail_preferences", { p_wanted: wanted });
}

/** They want no more mails of this category. */
export function unsubscribeReceiver(env: Env, token: string): Promise<Receiver | null> {
  return askFor(env, token, "unsubscribe_mail");
}

async function askFor(
  env: Env,
  token: string,
  name: "get_mail_preferences" | "set_mail_preferences" | "unsubscribe_mail",
  args: Readonly<Record<string, unknown>> = {},
): Promise<Receiver | null> {
  const mailId = await readMailToken(env, token);
  if (mailId === null) return null;
  type Found = PreferencesView & { readonly brand: OrganizationBrand | null };
  const found = await rpc<Found | null>(adminClient(env), name, { p_mail_id: mailId, ...args }, { schema: "engine" });
  if (found === null) return null;
  const { brand, ...view } = found;
  return { view: { ...view, address: maskAddress(view.address) }, brand: brand ?? undefined };
}

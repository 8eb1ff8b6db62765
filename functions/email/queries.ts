import { asResult, type DatabaseClient, type Page, rpc, runSingle } from "../../shared/db/mod.ts";
import { notFound } from "../../shared/errors/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { queueMails, sendMailNow } from "../../shared/mail/mod.ts";
import { MAILS } from "./lists.ts";
import { type Mail, MAIL_FIELDS } from "./schemas.ts";

export { queueMails, sendMailNow };

/** A page of the organization's mails. */
export function findMails(context: UserContext, query: AnyListQuery): Promise<Page<Mail>> {
  const rows = context.db.from("mails").select(MAILS.columns(query)).eq("organization_id", context.organizationId);
  return MAILS.find(asResult<Mail[]>(rows), context, query);
}

/**
 * A mail, without what it says.
 *
 * @throws {AppError} `not_found`.
 */
export function findMail(db: DatabaseClient, id: string): Promise<Mail> {
  const query = db.from("mails").select(MAIL_FIELDS.join(",")).eq("id", id).maybeSingle();
  return runSingle(asResult<Mail>(query), () => notFound("mail"));
}

/** Cancels a mail, or queues it once more. */
export function changeMail(db: DatabaseClient, change: "cancel_mail" | "resend_mail", id: string): Promise<Mail> {
  return rpc<Mail>(db, change, { p_mail_id: id });
}

/** The caller's own address; null = the account has none. */
export async function findOwnAddress({ db, userId }: UserContext): Promise<string | null> {
  const query = db.from("profiles").select("email").eq("id", userId).maybeSingle();
  return (await runSingle(asResult<{ email: string | null }>(query), () => notFound("profile"))).email;
}

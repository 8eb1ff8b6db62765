import { asResult, type Page, rpc } from "../../shared/db/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import { MAIL_EVENTS } from "./lists.ts";
import type { MailEventFacts, MailStats } from "./outcome_schemas.ts";

/** A page of what happened to a mail. */
export function findMailEvents(
  context: UserContext,
  mailId: string,
  query: AnyListQuery,
): Promise<Page<MailEventFacts>> {
  const rows = context.db.from("mail_events").select(MAIL_EVENTS.columns(query)).eq(
    "mail_id",
    mailId,
  );
  return MAIL_EVENTS.find(asResult<MailEventFacts[]>(rows), context, query, { mail_id: mailId });
}

/** What became of the organization's mails. */
export function findMailStats(
  { db, organizationId }: UserContext,
  days: number,
  template: string | null,
): Promise<MailStats> {
  return rpc<MailStats>(db, "get_mail_stats", {
    p_organization_id: organizationId,
    p_days: days,
    p_template: template,
  });
}

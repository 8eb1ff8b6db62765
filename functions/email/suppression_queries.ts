import { asResult, type DatabaseClient, type Page, rpc } from "../../shared/db/mod.ts";
import type { AnyListQuery, UserContext } from "../../shared/http/mod.ts";
import type { MailWishes } from "../../shared/mail/mod.ts";
import { MAIL_SUPPRESSIONS } from "./lists.ts";
import type { MailWishChanges } from "./preferences_schemas.ts";
import type { NewSuppression, Suppression } from "./suppression_schemas.ts";

/** A page of those who get no mails of the organization. */
export function findSuppressions(context: UserContext, query: AnyListQuery): Promise<Page<Suppression>> {
  const rows = context.db.from("mail_suppressions").select(MAIL_SUPPRESSIONS.columns(query))
    .eq("organization_id", context.organizationId);
  return MAIL_SUPPRESSIONS.find(asResult<Suppression[]>(rows), context, query);
}

/** Puts an address on the list. */
export function insertSuppression(
  { db, organizationId }: UserContext,
  { address, note }: NewSuppression,
  idempotencyKey: string | null,
): Promise<Suppression> {
  return rpc<Suppression>(db, "suppress_address", {
    p_organization_id: organizationId,
    p_address: address,
    p_note: note ?? null,
    p_idempotency_key: idempotencyKey,
  });
}

/** Takes an address off the list. */
export async function liftSuppression(db: DatabaseClient, id: string): Promise<void> {
  await rpc(db, "lift_suppression", { p_suppression_id: id });
}

/** Which mails the caller wants. */
export function findOwnWishes({ db, organizationId }: UserContext): Promise<MailWishes> {
  return rpc<MailWishes>(db, "get_mail_preferences", { p_organization_id: organizationId });
}

/** Writes down which mails the caller wants. */
export function saveOwnWishes({ db, organizationId }: UserContext, wanted: MailWishChanges): Promise<MailWishes> {
  return rpc<MailWishes>(db, "set_mail_preferences", { p_organization_id: organizationId, p_wanted: wanted });
}

import { type DatabaseClient, rpc } from "../../shared/db/mod.ts";
import type { MailSettings, MailSettingsChanges } from "./settings_schemas.ts";

/** How the organization wants its mails. */
export function findMailSettings(db: DatabaseClient, organizationId: string): Promise<MailSettings> {
  return rpc<MailSettings>(db, "get_mail_settings", { p_organization_id: organizationId });
}

/** Changes that. */
export function saveMailSettings(
  db: DatabaseClient,
  organizationId: string,
  changes: MailSettingsChanges,
  version: number | null,
): Promise<MailSettings> {
  return rpc<MailSettings>(db, "update_mail_settings", {
    p_organization_id: organizationId,
    p_changes: changes,
    p_if_version: version,
  });
}

import { createRouter } from "../../shared/http/mod.ts";
import { cancelMail } from "./handlers/cancel_mail.ts";
import { createSuppression } from "./handlers/create_suppression.ts";
import { deleteSuppression } from "./handlers/delete_suppression.ts";
import { getMail } from "./handlers/get_mail.ts";
import { getMailStats } from "./handlers/get_mail_stats.ts";
import { getOwnPreferences } from "./handlers/get_own_preferences.ts";
import { listMailEvents } from "./handlers/list_mail_events.ts";
import { listMailTemplates } from "./handlers/list_mail_templates.ts";
import { getMailSettings } from "./handlers/get_mail_settings.ts";
import { listMails } from "./handlers/list_mails.ts";
import { listSuppressions } from "./handlers/list_suppressions.ts";
import { previewMailTemplate } from "./handlers/preview_mail_template.ts";
import { receiveAuthHook } from "./handlers/receive_auth_hook.ts";
import { receiveMailEvent } from "./handlers/receive_mail_event.ts";
import { resendMail } from "./handlers/resend_mail.ts";
import { savePreferences } from "./handlers/save_preferences.ts";
import { showPreferences } from "./handlers/show_preferences.ts";
import { showUnsubscribe } from "./handlers/show_unsubscribe.ts";
import { testMailTemplate } from "./handlers/test_mail_template.ts";
import { unsubscribe } from "./handlers/unsubscribe.ts";
import { updateOwnPreferences } from "./handlers/update_own_preferences.ts";
import { updateMailSettings } from "./handlers/update_mail_settings.ts";

/**
 * Mails of the platform: what was sent and what became of it, what they look like, who wants none; the hooks of Supabase
 * Auth and Resend.
 */
export const router = createRouter("email", [
  listMails,
  getMail,
  cancelMail,
  resendMail,
  listMailTemplates,
  previewMailTemplate,
  testMailTemplate,
  getMailSettings,
  updateMailSettings,
  receiveAuthHook,
  receiveMailEvent,
  listMailEvents,
  getMailStats,
  listSuppressions,
  createSuppression,
  deleteSuppression,
  getOwnPreferences,
  updateOwnPreferences,
  showUnsubscribe,
  unsubscribe,
  showPreferences,
  savePreferences,
]);

import { createRouter } from "../../shared/http/mod.ts";
import { cancelMail } from "./handlers/cancel_mail.ts";
import { getMail } from "./handlers/get_mail.ts";
import { listMailTemplates } from "./handlers/list_mail_templates.ts";
import { listMails } from "./handlers/list_mails.ts";
import { previewMailTemplate } from "./handlers/preview_mail_template.ts";
import { receiveAuthHook } from "./handlers/receive_auth_hook.ts";
import { resendMail } from "./handlers/resend_mail.ts";
import { testMailTemplate } from "./handlers/test_mail_template.ts";

/** Mails of the platform: what was sent, what they look like, and the hook of Supabase Auth. */
export const router = createRouter("email", [
  listMails,
  getMail,
  cancelMail,
  resendMail,
  listMailTemplates,
  previewMailTemplate,
  testMailTemplate,
  receiveAuthHook,
]);

/**
 * Mails of the platform: templates, and how they become what goes out.
 *
 * @module
 */
export { type Brand, DEFAULT_BRAND, type OrganizationBrand, withOrganizationBrand } from "./brand.ts";
export { type AnyMailTemplate, type MailCategory } from "./define_template.ts";
export { type MailLooks, type NewMail, type QueuedMail, queueMails } from "./mail_queue.ts";
export { keepMailEvent, type MailEvent, type MailEventStatus, readResendEvent } from "./mail_events.ts";
export {
  type MailWishes,
  maskAddress,
  OPTIONAL_CATEGORIES,
  type OptionalCategory,
  type PageState,
  type PreferencesView,
  renderPreferencesPage,
} from "./preferences_page.tsx";
export { type RenderedMail, renderMail, type RenderOptions } from "./render_mail.tsx";
export { isTimeZone } from "./format.ts";
export { isSafeUrl } from "./safe_url.ts";
export { sendMailNow, sendMails, type SendOptions, type SendReport } from "./send_mails.ts";
export { findMailTemplate, TEMPLATE_NAMES } from "./templates.ts";
export { preferencesUrl, readMailToken, signMailToken, unsubscribeLinks } from "./unsubscribe_links.ts";
export { brandOf, writeMail } from "./write_mail.ts";

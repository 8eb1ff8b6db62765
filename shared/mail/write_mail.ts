import type { Env } from "../env/mod.ts";
import type { EmailMessage } from "../providers/mod.ts";
import { type Brand, DEFAULT_BRAND, withOrganizationBrand } from "./brand.ts";
import type { QueuedMail } from "./mail_queue.ts";
import { renderMail } from "./render_mail.tsx";
import { findMailTemplate } from "./templates.ts";
import { unsubscribeLinks } from "./unsubscribe_links.ts";

/** What mails of a deployment look like. */
export function brandOf(env: Env): Brand {
  const set = Object.entries(env.emailBrand ?? {}).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_BRAND, url: env.frontendUrl, ...Object.fromEntries(set) };
}

/**
 * Writes a queued mail. The same row gives the same message, to the byte.
 *
 * @throws {Error} When there is no such template, or its data does not fit.
 */
export async function writeMail(mail: QueuedMail, env: Env): Promise<EmailMessage> {
  const template = await findMailTemplate(mail.template);
  if (template === undefined) throw new Error(`There is no mail template ${mail.template}`);
  const brand = withOrganizationBrand(brandOf(env), mail.looks?.brand);
  const links = mail.category === "transactional" ? null : await unsubscribeLinks(mail, env);
  const { subject, html, text } = renderMail(template, mail.data, {
    brand,
    timeZone: mail.looks?.time_zone,
    frontendUrl: env.frontendUrl,
    unsubscribeUrl: links?.unsubscribeUrl ?? null,
    preferencesUrl: links?.preferencesUrl ?? null,
  });
  return {
    to: [mail.to],
    subject,
    html,
    text,
    ...(brand.replyTo === null ? {} : { replyTo: [brand.replyTo] }),
    // By which its events find it, also when nobody learned what the provider calls it.
    tags: { mail_id: mail.id },
    headers: {
      // Of one thread only what belongs together: mail clients group by subject otherwise.
      "X-Entity-Ref-ID": mail.id,
      // RFC 8058: one click, without opening anything.
      ...(links === null ? {} : {
        "List-Unsubscribe": `<${links.unsubscribeUrl}>`,
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      }),
    },
  };
}

import { z } from "zod";
import { TEMPLATE_NAMES } from "../../shared/mail/mod.ts";

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

/** States of a mail. */
export const mailStatus = z.enum([
  "queued",
  "sending",
  "sent",
  "delivered",
  "bounced",
  "complained",
  "failed",
  "suppressed",
  "cancelled",
  "expired",
]);

/** What people may switch off. */
export const mailCategory = z.enum(["transactional", "alerts", "digests", "product"]);

/** A template's name. */
export const templateName = z.enum(TEMPLATE_NAMES as [string, ...string[]]).meta({ examples: ["alert"] });

/** A mail, without what it says. */
export const mailSchema = z.object({
  id: z.uuid(),
  organization_id: z.uuid(),
  template: z.string().meta({ examples: ["alert"] }),
  category: mailCategory,
  key: z.string().meta({ description: "What it is about: there is one mail for each template and key" }),
  to_address: z.string().meta({ examples: ["ada@example.com"] }),
  subject: z.string().nullable().meta({ description: "Null = not written yet" }),
  status: mailStatus.meta({ description: "sent = a provider took it; what comes of it then is told by the provider" }),
  priority: z.int().meta({ description: "10 first, 200 last", examples: [50] }),
  scheduled_for: timestamp.meta({ description: "Not sent before" }),
  expires_at: timestamp.meta({ description: "Not sent any more from then on" }),
  attempts: z.int().meta({ examples: [1] }),
  provider: z.enum(["resend", "smtp"]).nullable(),
  provider_message_id: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable().meta({ description: "The latest failure" }),
  opens: z.int().meta({ examples: [0] }),
  clicks: z.int().meta({ examples: [0] }),
  delivered_at: timestamp.nullable().meta({ description: "The receiver's server took it; null = nobody told" }),
  opened_at: timestamp.nullable().meta({ description: "First; null = never, or unseen" }),
  clicked_at: timestamp.nullable().meta({ description: "First; null = never, or unseen" }),
  resent_from: z.uuid().nullable().meta({ description: "The mail of which this is another try" }),
  created_at: timestamp,
  sent_at: timestamp.nullable(),
  ended_at: timestamp.nullable().meta({ description: "Null = it is still to be sent" }),
}).meta({ id: "Mail" });

/** A mail, without what it says. */
export type Mail = z.output<typeof mailSchema>;

/** The columns of a mail. */
export const MAIL_FIELDS = Object.keys(mailSchema.shape) as [keyof Mail, ...(keyof Mail)[]];

/** A template as lists show it. */
export const mailTemplateSchema = z.object({
  name: z.string().meta({ examples: ["alert"] }),
  description: z.string(),
  category: mailCategory,
  subject: z.string().meta({ description: "Of the example" }),
  schema: z.record(z.string(), z.unknown()).meta({ description: "JSON Schema of its data" }),
  example: z.record(z.string(), z.unknown()).meta({ description: "Data that fits" }),
}).meta({ id: "MailTemplate" });

/** A template as lists show it. */
export type MailTemplateFacts = z.output<typeof mailTemplateSchema>;

/** The path of a template. */
export const templateParams = z.object({ name: z.string().max(100).meta({ examples: ["alert"] }) });

/** What a test is filled with. */
export const mailTestSchema = z.strictObject({
  data: z.record(z.string(), z.unknown()).optional().meta({ description: "The example when absent" }),
}).meta({ id: "MailTest", examples: [{}] });

/** A test on its way. */
export const mailTestReplySchema = z.object({
  to: z.string().meta({ description: "Your own address", examples: ["ada@example.com"] }),
  status: z.literal("queued"),
}).meta({ id: "MailTestReply" });

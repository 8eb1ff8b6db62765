import { z } from "zod";

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });

/** Why somebody gets no mails. */
export const suppressionReason = z.enum(["bounced", "complained", "manual", "unsubscribed"]);

/** Which mails they do not get. */
export const suppressionScope = z.enum(["everything", "optional", "alerts", "digests", "product"]);

/** An address on the list. */
export const suppressionSchema = z.object({
  id: z.uuid(),
  organization_id: z.uuid(),
  address: z.string().meta({ examples: ["ada@example.com"] }),
  scope: suppressionScope.meta({ description: "optional = all that can be switched off" }),
  reason: suppressionReason,
  note: z.string().nullable().meta({ description: "What the provider said, or somebody noted" }),
  mail_id: z.uuid().nullable().meta({ description: "The mail that it came of" }),
  created_by: z.uuid().nullable().meta({ description: "Null = the receiver or the provider" }),
  created_at: timestamp.meta({ description: "Of bounced: when it bounced last" }),
}).meta({ id: "MailSuppression" });

/** An address on the list. */
export type Suppression = z.output<typeof suppressionSchema>;

/** An address that is to be on the list. */
export const newSuppressionSchema = z.strictObject({
  address: z.email().max(320).meta({ examples: ["ada@example.com"] }),
  note: z.string().max(500).regex(/^[^\p{Cc}]*$/u, "Must be one line").optional(),
}).meta({
  id: "NewMailSuppression",
  examples: [{ address: "ada@example.com", note: "Asked by phone" }],
});

/** An address that is to be on the list. */
export type NewSuppression = z.output<typeof newSuppressionSchema>;

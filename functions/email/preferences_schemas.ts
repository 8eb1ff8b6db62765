import { z } from "zod";
import { mailCategory } from "./schemas.ts";

/** Which mails somebody wants. */
export const mailWishesSchema = z.object({
  alerts: z.boolean().meta({ description: "Something failed or needs somebody", examples: [true] }),
  digests: z.boolean().meta({ description: "What the flows did in a day or a week", examples: [false] }),
  product: z.boolean().meta({ description: "News", examples: [true] }),
}).meta({ id: "MailPreferences", description: "Which of the mails that can be switched off somebody wants" });

/** Some of them; what is left out stays as it is. */
export const mailWishChangesSchema = mailWishesSchema.partial().strict().meta({
  id: "MailPreferenceChanges",
  description: "What is left out stays as it is",
  examples: [{ digests: false }],
});

/** What a change says. */
export type MailWishChanges = z.output<typeof mailWishChangesSchema>;

/** What the holder of a mail's link sees as JSON. */
export const receiverSchema = z.object({
  organization: z.string().nullable().meta({ description: "Whose mails; null = the platform's own" }),
  address: z.string().meta({ description: "The receiver, masked", examples: ["g•••@example.com"] }),
  category: mailCategory.meta({ description: "Of the mail with the link" }),
  preferences: mailWishesSchema,
}).meta({ id: "MailReceiver", description: "What the receiver of a mail has chosen" });

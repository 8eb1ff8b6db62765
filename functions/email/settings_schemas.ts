/**
 * What the routes of mail settings take and answer.
 *
 * @module
 */
import { z } from "zod";
import { isSafeUrl, isTimeZone } from "../../shared/mail/mod.ts";

/** The longest time zones have some 30 characters. */
const timeZone = z.string().max(64).refine(isTimeZone, "There is no such time zone")
  .meta({
    description: "IANA: in which digests come in the morning, and dates are written",
    examples: ["Europe/Berlin"],
  });

const digest = z.enum(["off", "week", "day"]).meta({
  description: "week = on Mondays; day = after each day with runs; off = never",
});

/** A colour of six digits. */
export const color = z.string().regex(/^#[0-9a-fA-F]{6}$/, "Must be #rrggbb").meta({ examples: ["#7a3cff"] });
/** What stands at the head of mails. */
export const brandName = z.string().min(1).max(80).regex(/^[^\p{Cc}<>]*$/u, "Must be one line").meta({
  examples: ["Acme"],
});
/** An image over https. */
export const logoUrl = z.string().max(2_000).startsWith("https://", "Must be an https URL")
  .refine((url) => isSafeUrl(url) && /^[^@]*$/.test(url), "No address of an image over https").meta({
    description: "Shown 40 pixels high",
    examples: ["https://example.com/logo.png"],
  });

const brand = z.strictObject({
  name: brandName.nullable(),
  logo_url: logoUrl.nullable(),
  color: color.nullable().meta({
    description: "Of buttons and links; the text on it is black or white, whichever is read better",
  }),
  reply_to: z.email().max(320).nullable().meta({ description: "Where answers go", examples: ["help@example.com"] }),
});

/** Changes of the settings. */
export const mailSettingsChangesSchema = z.strictObject({
  digest: digest.optional(),
  time_zone: timeZone.optional(),
  brand: brand.partial().optional().meta({ description: "What is not named stays; null = as the platform has it" }),
}).meta({ id: "MailSettingsChanges", examples: [{ digest: "day", time_zone: "Europe/Berlin" }] });

/** The settings. */
export const mailSettingsSchema = z.object({
  organization_id: z.uuid(),
  digest,
  time_zone: z.string(),
  brand: z.object({
    name: z.string().nullable(),
    logo_url: z.string().nullable(),
    color: z.string().nullable(),
    reply_to: z.string().nullable(),
  }).meta({ description: "Worn by mails about the organization, not by those about accounts and payments" }),
  version: z.int().meta({ description: "Raised by every change; the ETag" }),
  updated_at: z.iso.datetime({ offset: true }).nullable().meta({ description: "Null = nothing was ever set" }),
}).meta({ id: "MailSettings", description: "How an organization wants its mails" });

/** Changes of the settings. */
export type MailSettingsChanges = z.output<typeof mailSettingsChangesSchema>;
/** The settings. */
export type MailSettings = z.output<typeof mailSettingsSchema>;

import { z } from "zod";

const timestamp = z.iso.datetime({ offset: true }).meta({ examples: ["2026-11-20T09:30:00.123456+00:00"] });
const count = z.int().meta({ examples: [12] });
const rate = z.number().nullable().meta({ examples: [0.97] });
const day = z.iso.date().meta({ examples: ["2026-11-20"] });

const figures = {
  mails: count.meta({ description: "Asked for" }),
  sent: count.meta({ description: "A provider took them" }),
  delivered: count.meta({ description: "The receiver's server took them, as the provider says" }),
  bounced: count,
  complained: count.meta({ description: "Called spam" }),
  opened: count.meta({ description: "Mails that were opened, however often" }),
  clicked: count.meta({ description: "Mails of which a link was followed" }),
  unsubscribed: count.meta({ description: "Mails whose link ended a subscription that has not been taken up again" }),
  suppressed: count.meta({ description: "Not sent: the receiver is on the list, ours or the provider's" }),
  failed: count.meta({ description: "Not sent, too late, or nobody knows" }),
  delivery_rate: rate.meta({ description: "Delivered, of what is known to be delivered or bounced" }),
  bounce_rate: rate.meta({ description: "Bounced, of the same" }),
  complaint_rate: rate.meta({ description: "Complained, of delivered. Gmail and Yahoo want less than 0.001" }),
  open_rate: rate.meta({ description: "Opened, of delivered" }),
  click_rate: rate.meta({ description: "Clicked, of delivered" }),
  unsubscribe_rate: rate.meta({ description: "Unsubscribed, of sent" }),
};

/** What became of an organization's mails. */
export const mailStatsSchema = z.object({
  from: day,
  to: day,
  totals: z.object(figures),
  templates: z.array(z.object({ template: z.string().meta({ examples: ["alert"] }), ...figures })),
  days: z.array(z.object({ day, ...figures })).meta({ description: "Days with mails, by when they were asked for" }),
}).meta({ id: "MailStats" });

/** What became of an organization's mails. */
export type MailStats = z.output<typeof mailStatsSchema>;

/** What a provider told of a mail. */
export const mailEventSchema = z.object({
  id: z.uuid(),
  type: z.enum(["sent", "delivered", "delayed", "bounced", "complained", "opened", "clicked", "failed", "suppressed"]),
  detail: z.object({ type: z.string().nullable(), subtype: z.string().nullable(), message: z.string() }).nullable()
    .meta({
      description: "Why, of what did not arrive, in the provider's words; bounces of the type Permanent are hard",
    }),
  occurred_at: timestamp,
  received_at: timestamp,
}).meta({ id: "MailEvent" });

/** What a provider told of a mail. */
export type MailEventFacts = z.output<typeof mailEventSchema>;

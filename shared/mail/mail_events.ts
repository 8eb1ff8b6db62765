/**
 * What Resend tells of mails, as the database takes it.
 * https://resend.com/docs/webhooks/event-types
 *
 * @module
 */
import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import type { Env } from "../env/mod.ts";

/** What happened to a mail. */
export type MailEventType =
  | "sent"
  | "delivered"
  | "delayed"
  | "bounced"
  | "complained"
  | "opened"
  | "clicked"
  | "failed"
  | "suppressed";

/** An event of a provider. Of what it knows of the receiver (address, network, program, link) nothing is here. */
export interface MailEvent {
  readonly provider: "resend";
  /** The same whenever it is told again. */
  readonly event_id: string;
  /** What the provider calls the message. */
  readonly message_id: string;
  /** The mail's id, as it was sent along; null = it was not. */
  readonly mail_id: string | null;
  readonly type: MailEventType;
  /** Why, of what did not arrive. */
  readonly detail: { readonly type: string | null; readonly subtype: string | null; readonly message: string } | null;
  /** ISO 8601. */
  readonly occurred_at: string;
}

/** What became of an event: pending = of a mail that is not known yet, failed = kept and tried again. */
export type MailEventStatus = "applied" | "pending" | "failed" | "duplicate";

const TYPES: Readonly<Record<string, MailEventType>> = {
  "email.sent": "sent",
  "email.delivered": "delivered",
  "email.delivery_delayed": "delayed",
  "email.bounced": "bounced",
  "email.complained": "complained",
  "email.opened": "opened",
  "email.clicked": "clicked",
  "email.failed": "failed",
  "email.suppressed": "suppressed",
};

const text = z.string().transform((value) => value.slice(0, 500)).nullish().catch(null);

const eventSchema = z.object({
  type: z.string(),
  created_at: z.string().max(40).refine((value) => !Number.isNaN(Date.parse(value)), "No date"),
  data: z.object({
    email_id: z.string().min(1).max(300),
    tags: z.object({ mail_id: z.uuid().nullish().catch(null) }).nullish().catch(null),
    bounce: z.object({ type: text, subType: text, message: text }).nullish(),
    suppressed: z.object({ type: text, message: text }).nullish(),
    failed: z.object({ reason: text }).nullish(),
  }),
});

/**
 * Reads an event of Resend's webhook.
 *
 * @param id The signed id of the call.
 * @param body What was signed.
 * @returns The event; null = it tells nothing of a mail that was sent.
 * @throws {ZodError} When it has not the form that Resend documents.
 */
export function readResendEvent(id: string, body: unknown): MailEvent | null {
  const { type: name } = z.object({ type: z.string() }).parse(body);
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (type === undefined) return null;
  const { data, created_at } = eventSchema.parse(body);
  return {
    provider: "resend",
    event_id: id,
    message_id: data.email_id,
    mail_id: data.tags?.mail_id ?? null,
    type,
    detail: toDetail(data),
    occurred_at: new Date(created_at).toISOString(),
  };
}

function toDetail({ bounce, suppressed, failed }: z.output<typeof eventSchema>["data"]): MailEvent["detail"] {
  if (bounce) {
    return { type: bounce.type ?? null, subtype: bounce.subType ?? null, message: bounce.message || "It bounced" };
  }
  if (suppressed) {
    const message = suppressed.message || "The address is on Resend's own suppression list";
    return { type: suppressed.type ?? null, subtype: null, message };
  }
  if (failed) return { type: null, subtype: null, message: failed.reason || "Resend could not send it" };
  return null;
}

/** Keeps an event and applies it to its mail, in one transaction. */
export async function keepMailEvent(env: Env, event: MailEvent): Promise<MailEventStatus> {
  const args = { p_event: event };
  const { status } = await rpc<{ status: MailEventStatus }>(adminClient(env), "receive_mail_event", args, {
    schema: "engine",
  });
  return status;
}

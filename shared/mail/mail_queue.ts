/**
 * The queue of mails as senders see it: public.mails through functions of the schema engine.
 *
 * @module
 */
import { adminClient, rpc } from "../db/mod.ts";
import type { Env } from "../env/mod.ts";
import type { OrganizationBrand } from "./brand.ts";

/** Who takes mails. */
export type MailProvider = "resend" | "smtp";

/** How mails of an organization look. */
export interface MailLooks {
  /** IANA: in which dates are written. */
  readonly time_zone: string;
  readonly brand?: OrganizationBrand;
}

/** A mail to be sent. */
export interface QueuedMail {
  readonly id: string;
  readonly organization_id: string | null;
  readonly template: string;
  readonly category: string;
  readonly to: string;
  readonly data: unknown;
  /** How the organization's mails looked when it was asked for; null or absent = as the platform's. */
  readonly looks?: MailLooks | null;
  /** From 1. */
  readonly attempts: number;
  readonly created_at: string;
}

/** Mails that a provider is given together. */
export interface MailBatch {
  /** Also the key under which the provider takes them once. */
  readonly batch_id: string | null;
  readonly mails: readonly QueuedMail[];
  /** The provider may have taken them already. */
  readonly is_repeated: boolean;
}

/** What a sender gets when it asks for work. */
export type Claim = MailBatch | { readonly wait_ms: number } | { readonly next_ms: number | null };

/** What became of a mail. */
export interface MailResult {
  id: string;
  /** sent, failed for good, retry (surely not taken), back (not even tried), unsure (nobody knows). */
  outcome: "sent" | "failed" | "retry" | "back" | "unsure";
  provider?: string;
  message_id?: string;
  subject?: string;
  error?: { code: string; message: string };
  delay_seconds?: number;
}

/** A mail that somebody asks for. */
export interface NewMail {
  readonly organizationId: string | null;
  readonly template: string;
  readonly to: string;
  readonly data: unknown;
  /** What it is about: sent once for each organization, template and key. */
  readonly key: string;
}

/** Asks for work. */
export function claimMails(env: Env, provider: MailProvider, limit: number, signal: AbortSignal): Promise<Claim> {
  const perSecond = provider === "resend" ? env.emailRate : SMTP_PER_SECOND;
  return rpc<Claim>(adminClient(env), "claim_mails", {
    p_provider: provider,
    p_limit: limit,
    p_per_second: perSecond,
  }, { schema: "engine", signal });
}

/** Messages a second that an SMTP server is given. */
const SMTP_PER_SECOND = 10;

/** Queues a mail and claims it at once. */
export function claimNewMail(env: Env, mail: NewMail, provider: MailProvider): Promise<MailBatch> {
  return rpc<MailBatch>(adminClient(env), "claim_new_mail", { ...toArguments(mail), p_provider: provider }, {
    schema: "engine",
  });
}

/** Queues mails, all or none; answers their ids, null for those that were queued before. */
export function queueMails(env: Env, mails: readonly NewMail[], signal?: AbortSignal): Promise<{ queued: number }> {
  return rpc<{ queued: number }>(adminClient(env), "send_mails", { p_mails: mails.map(toRow) }, {
    schema: "engine",
    ...(signal && { signal }),
  });
}

/** Says what became of a batch. Told again until it is heard, or the signal says that it is enough. */
export async function finishMails(env: Env, batchId: string, results: readonly MailResult[], signal: AbortSignal) {
  for (let attempt = 1;; attempt++) {
    try {
      const args = { p_batch_id: batchId, p_results: results };
      return await rpc<{ changed: number }>(adminClient(env), "finish_mails", args, { schema: "engine" });
    } catch (error) {
      if (attempt === 6 || signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
    }
  }
}

/** Calls for another sender after a while. */
export async function sendLater(env: Env, delayMs: number): Promise<void> {
  await rpc(adminClient(env), "enqueue_jobs", {
    p_jobs: [{
      type: "mail.send",
      payload: {},
      priority: 10,
      delay_seconds: delayMs / 1_000,
      unique_key: "later",
      concurrency_key: "mail.send",
      concurrency_limit: 2,
    }],
  }, { schema: "engine" });
}

function toRow({ organizationId, template, to, data, key }: NewMail) {
  return { organization_id: organizationId, template, to, data, key };
}

function toArguments({ organizationId, template, to, data, key }: NewMail) {
  return { p_organization_id: organizationId, p_template: template, p_to: to, p_data: data, p_key: key };
}

/**
 * Takes mails from the queue, writes them and hands them to a provider.
 *
 * **Never twice.** A mail goes to another provider only when the first one surely has not taken it: it was not connected
 * to, or said no. When nobody can know (no answer, a 5xx, a sender that died), the same provider is asked again under the
 * same key, for as long as it keeps keys. SMTP keeps none: there the mail fails as `outcome_unknown`, visible to people.
 *
 * @module
 */
import type { Env } from "../env/mod.ts";
import type { Log } from "../log/mod.ts";
import { type EmailMessage, type EmailProvider, readEmailFailure } from "../providers/mod.ts";
import { pause } from "../time/mod.ts";
import {
  claimMails,
  claimNewMail,
  finishMails,
  type MailBatch,
  type MailProvider,
  type MailResult,
  type NewMail,
  type QueuedMail,
  sendLater,
} from "./mail_queue.ts";
import { writeMail } from "./write_mail.ts";

/** What sending needs. */
export interface SendOptions {
  readonly env: Env;
  /** Behind its breakers. */
  readonly email: EmailProvider;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds after which no further batch is begun. Default 45,000. */
  readonly timeMs?: number;
  /** Milliseconds that a provider may take for a batch. Default 20,000. */
  readonly requestMs?: number;
}

/** Mails that Resend takes at once. */
const BATCH = 100;
/** Milliseconds for which a provider that is not to be had is left alone, unless it said otherwise. */
const OUT_MS = 30_000;

/** The least that `engine.claim_mails` answers as `next_ms` besides 0. */
const LEAST_MS = 1_000;

/** What a sender did. */
export interface SendReport {
  sent: number;
  failed: number;
  /** Put back, or to be asked for again. */
  left: number;
}

/** Sends what is due, until nothing is or the time is up; then another sender is called for. */
export async function sendMails(options: SendOptions): Promise<SendReport> {
  const sender = new Sender(options);
  await sender.run();
  return sender.report;
}

/**
 * Queues a mail and sends it at once, for somebody who waits for it.
 *
 * @returns `sent`; `queued` = the queue goes on with it; `known` = it was asked for before, or the address wants none.
 */
export async function sendMailNow(mail: NewMail, options: SendOptions): Promise<"sent" | "queued" | "known"> {
  const sender = new Sender(options);
  const batch = await claimNewMail(options.env, mail, sender.first);
  if (batch.batch_id === null || batch.mails.length === 0) return "known";
  const results = await sender.deliver(batch, sender.first);
  return results.some(({ outcome }) => outcome === "sent") ? "sent" : "queued";
}

class Sender {
  readonly report: SendReport = { sent: 0, failed: 0, left: 0 };
  readonly #options: SendOptions;
  readonly #providers = new Map<MailProvider, EmailProvider>();
  /** Until when a provider is left alone. */
  readonly #outUntil = new Map<MailProvider, number>();
  /** The last batch was not answered: no more than one mail is risked until one is. */
  #isDoubtful = false;

  constructor(options: SendOptions) {
    this.#options = options;
    const { email } = options;
    for (const provider of [email.first ?? email, email.fallback]) {
      if (provider?.name === "resend" || provider?.name === "smtp") this.#providers.set(provider.name, provider);
    }
  }

  /** Who is asked first. */
  get first(): MailProvider {
    return [...this.#providers.keys()][0] ?? "resend";
  }

  async run(): Promise<void> {
    const { env, signal, timeMs = 45_000 } = this.#options;
    const endsAt = Date.now() + timeMs;
    let hasLooked = false;
    for (;;) {
      signal.throwIfAborted();
      const { provider, waitMs } = this.#choose();
      if (Date.now() >= endsAt || waitMs > 2_000) return await sendLater(env, Math.max(waitMs, 100));
      if (waitMs > 0) {
        await pause(waitMs, signal);
        continue;
      }
      const claim = await claimMails(env, provider, provider === "smtp" || this.#isDoubtful ? 1 : BATCH, signal);
      if ("wait_ms" in claim) await pause(claim.wait_ms, signal);
      else if ("next_ms" in claim) {
        if (claim.next_ms === 0) continue;
        if (claim.next_ms === null) return;
        if (claim.next_ms > LEAST_MS) return await sendLater(env, claim.next_ms);
        // Within a second, or overdue: another look tells. What is not to be had then either, another sender has; one that
        // called the next for it would begin a chain that keeps a worker awake.
        if (hasLooked) return;
        hasLooked = true;
        await pause(claim.next_ms, signal);
      } else {
        hasLooked = false;
        await this.deliver(claim, provider);
      }
    }
  }

  /** The first provider that is not left alone; if all are, how long the first one to come back takes. */
  #choose(): { provider: MailProvider; waitMs: number } {
    const now = Date.now();
    let best: { provider: MailProvider; waitMs: number } | undefined;
    for (const provider of this.#providers.keys()) {
      const waitMs = Math.max(0, (this.#outUntil.get(provider) ?? 0) - now);
      if (best === undefined || waitMs < best.waitMs) best = { provider, waitMs };
    }
    return best ?? { provider: "resend", waitMs: 0 };
  }

  /** Hands a batch over and says what became of it. */
  async deliver(batch: MailBatch, provider: MailProvider): Promise<MailResult[]> {
    const { env, log, signal } = this.#options;
    const results: MailResult[] = [];
    const written: { mail: QueuedMail; message: EmailMessage }[] = [];
    for (const mail of batch.mails) {
      try {
        written.push({ mail, message: await writeMail(mail, env) });
      } catch (error) {
        log.error("mail.not_written", { mailId: mail.id, template: mail.template, error });
        results.push({ id: mail.id, outcome: "failed", error: { code: "invalid_data", message: explain(error) } });
      }
    }
    if (written.length > 0) results.push(...await this.#hand(batch, written, provider));
    this.#count(results, provider);
    await finishMails(env, batch.batch_id!, results, signal);
    return results;
  }

  async #hand(batch: MailBatch, written: Written[], name: MailProvider): Promise<MailResult[]> {
    const provider = this.#providers.get(name)!;
    const signal = AbortSignal.any([this.#options.signal, AbortSignal.timeout(this.#options.requestMs ?? 20_000)]);
    const options = { idempotencyKey: batch.batch_id!, signal };
    try {
      const sent = provider.sendBatch === undefined
        ? [await provider.send(written[0]!.message, options)]
        : await provider.sendBatch(written.map(({ message }) => message), options);
      this.#isDoubtful = false;
      return written.map(({ mail, message }, index): MailResult => {
        const entry = sent[index]!;
        return "id" in entry
          ? { id: mail.id, outcome: "sent", provider: name, message_id: entry.id, subject: message.subject }
          : {
            id: mail.id,
            outcome: "failed",
            subject: message.subject,
            error: { code: "refused", message: entry.error.message },
          };
      });
    } catch (error) {
      return await this.#afterFailure(error, batch, written, name);
    }
  }

  async #afterFailure(error: unknown, batch: MailBatch, written: Written[], name: MailProvider): Promise<MailResult[]> {
    const { accepted, fault, status } = readEmailFailure(error);
    const { env, log, signal } = this.#options;
    log.warn("mail.not_taken", { provider: name, mails: written.length, accepted, fault, status, error });
    const message = explain(error);
    const all = (result: Omit<MailResult, "id">): MailResult[] =>
      written.map(({ mail }) => ({ id: mail.id, ...result }));
    const asked = (error as { retryAfterSeconds?: number }).retryAfterSeconds;
    if (fault === "message" && accepted === "no") {
      // Among many, one may be to blame: each by itself, under a key that a repetition would use again.
      if (written.length > 1) return await this.#oneByOne(batch, written, name);
      return all({ outcome: "failed", error: { code: "refused", message } });
    }
    if (accepted === "unknown" && (name === "smtp" || fault === "message")) {
      return all({
        outcome: "failed",
        error: { code: "outcome_unknown", message: "It is not known whether it was sent" },
      });
    }
    if (fault === "provider") this.#leaveAlone(name, (asked ?? OUT_MS / 1_000) * 1_000);
    // What was asked before may have been taken then, whatever is said now.
    if (accepted === "unknown" || batch.is_repeated) {
      this.#isDoubtful = true;
      const attempts = written[0]!.mail.attempts;
      const delay_seconds = Math.max(asked ?? 0, Math.min(300, 2 ** Math.min(attempts, 9)));
      if (delay_seconds < 60 && !signal.aborted) await sendLater(env, delay_seconds * 1_000);
      return all({ outcome: "unsure", error: { code: "no_answer", message }, delay_seconds });
    }
    const hasOther = this.#choose().waitMs === 0;
    const delay_seconds = fault === "pace" ? asked ?? 1 : hasOther ? 0 : asked ?? OUT_MS / 1_000;
    const wasTried = status !== null && fault === "provider";
    return all({
      outcome: wasTried && !hasOther ? "retry" : "back",
      error: { code: "not_available", message },
      delay_seconds,
    });
  }

  async #oneByOne(batch: MailBatch, written: Written[], name: MailProvider): Promise<MailResult[]> {
    const results: MailResult[] = [];
    for (const one of written) {
      await pause(1_000 / this.#options.env.emailRate, this.#options.signal);
      const alone = { ...batch, batch_id: `${batch.batch_id}/${one.mail.id}` };
      results.push(...await this.#hand(alone, [one], name));
    }
    return results;
  }

  #leaveAlone(name: MailProvider, milliseconds: number): void {
    this.#outUntil.set(name, Date.now() + milliseconds);
  }

  #count(results: readonly MailResult[], provider: MailProvider): void {
    const { log } = this.#options;
    const count = (outcome: string) => results.filter((result) => result.outcome === outcome).length;
    const [sent, failed] = [count("sent"), count("failed")];
    this.report.sent += sent;
    this.report.failed += failed;
    this.report.left += results.length - sent - failed;
    log.info("mail.batch", { provider, mails: results.length, sent, failed });
  }
}

interface Written {
  mail: QueuedMail;
  message: EmailMessage;
}

/** What people see of a failure: our own sentences, and what the provider said. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return "It failed";
  if (error.name === "ZodError") return "The data does not fit the template";
  return error.message.slice(0, 300);
}

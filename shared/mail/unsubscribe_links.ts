import type { Env } from "../env/mod.ts";
import type { QueuedMail } from "./mail_queue.ts";

/** Where a receiver switches mails off. */
export interface UnsubscribeLinks {
  /** Takes one click (RFC 8058): a POST without anything else. */
  readonly unsubscribeUrl: string;
  /** A page to choose. */
  readonly preferencesUrl: string;
}

/** The links of a mail; null = there are none. The same mail has the same links, whenever it is written. */
// deno-lint-ignore no-unused-vars
export function unsubscribeLinks(mail: QueuedMail, env: Env): Promise<UnsubscribeLinks | null> {
  return Promise.resolve(null);
}

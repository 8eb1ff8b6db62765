import { z } from "zod";
import { sendMails } from "../mail/mod.ts";
import { defineJob } from "./define_job.ts";

/** Sends the mails that are due. One such job sends those of all organizations; two are at work at the most. */
export const mailSend = defineJob({
  type: "mail.send",
  summary: "Sends the mails that are due, under the provider's pace.",
  payload: z.object({}),
  timeoutMs: 110_000,
  maxAttempts: 5,
  retry: { minMs: 2_000, maxMs: 60_000, factor: 3 },
  keep: "failures",
  async run(_, { env, providers, log, signal }) {
    if (providers.email.name === "none") return { skipped: "email_is_not_set_up" };
    return { ...await sendMails({ env, email: providers.email, log, signal }) };
  },
});

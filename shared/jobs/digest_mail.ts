import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import { composeDigest, type Digest } from "./_digest_mail.ts";
import { defineJob } from "./define_job.ts";

/** Receivers that the e-mail service takes in one message. */
const MAX_RECEIVERS = 50;

/** Mails the digest of one organization and day to its owners. */
export const digestMail = defineJob({
  type: "digest.mail",
  summary: "Mails the owners of an organization what became of the runs of a day.",
  payload: z.object({ organization_id: z.uuid(), day: z.iso.date() }),
  maxAttempts: 6,
  retry: { minMs: 60_000, maxMs: 3_600_000, factor: 3 },
  keep: "failures",
  async run({ organization_id, day }, { env, providers, signal }) {
    const digest = await rpc<Digest | null>(
      adminClient(env),
      "get_digest",
      { p_organization_id: organization_id, p_day: day },
      { schema: "engine", signal },
    );
    // Deleted, suspended, opted out or without an owner's address since it was queued.
    if (digest === null || digest.to.length === 0) return { skipped: "nobody_to_tell" };
    const { id } = await providers.email.send(
      { ...composeDigest(digest), to: digest.to.slice(0, MAX_RECEIVERS) },
      // The service sends once for it, whatever happens to this job after the mail has gone out.
      { idempotencyKey: `digest:${organization_id}:${day}`, signal },
    );
    return { message_id: id, receivers: Math.min(digest.to.length, MAX_RECEIVERS) };
  },
});

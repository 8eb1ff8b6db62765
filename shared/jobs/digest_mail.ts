import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import { queueMails } from "../mail/mod.ts";
import { defineJob } from "./define_job.ts";

/** What `engine.get_digest` gives. */
interface Digest {
  /** The first day and the last. */
  readonly from: string;
  readonly to_day: string;
  /** Addresses of the owners. */
  readonly to: readonly string[];
  readonly [field: string]: unknown;
}

/** Mails the digest of one organization to its owners. */
export const digestMail = defineJob({
  type: "digest.mail",
  summary: "Mails the owners of an organization what became of the runs of a week, or of a day.",
  payload: z.object({
    organization_id: z.uuid(),
    day: z.iso.date().meta({ description: "The last day, UTC" }),
    period: z.enum(["day", "week"]).default("day"),
  }),
  maxAttempts: 6,
  retry: { minMs: 60_000, maxMs: 3_600_000, factor: 3 },
  keep: "failures",
  async run({ organization_id, day, period }, { env, signal }) {
    const digest = await rpc<Digest | null>(
      adminClient(env),
      "get_digest",
      { p_organization_id: organization_id, p_day: day, p_period: period },
      { schema: "engine", signal },
    );
    // Deleted, suspended, opted out or without an owner's address since it was queued.
    if (digest === null || digest.to.length === 0) return { skipped: "nobody_to_tell" };
    const { to: owners, to_day, ...figures } = digest;
    return await queueMails(
      env,
      owners.map((to) => ({
        organizationId: organization_id,
        template: "weekly_digest",
        to,
        data: { ...figures, period, to: to_day },
        key: `${period}:${day}:${to}`,
      })),
      signal,
    );
  },
});

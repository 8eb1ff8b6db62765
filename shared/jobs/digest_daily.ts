import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import { defineJob } from "./define_job.ts";

interface Queued {
  readonly day: string;
  readonly queued: number;
  /** There are further organizations. */
  readonly more: boolean;
}

/** The work of the system task `digest-daily`: one job for each organization, in the morning of its time zone. */
export const digestDaily = defineJob({
  type: "digest.daily",
  summary: "Queues the digest of last week, or of yesterday, for each organization that had runs and wants it.",
  payload: z.object({
    day: z.iso.date().optional().meta({ description: "Another day than yesterday, UTC; weeks end on Sundays" }),
  }),
  async run({ day }, { env, providers, signal, progress }) {
    if (providers.email.name === "none") return { skipped: "email_is_not_set_up" };
    let queued = 0;
    for (;;) {
      const page = await rpc<Queued>(adminClient(env), "queue_digests", { p_day: day ?? null }, {
        schema: "engine",
        signal,
      });
      queued += page.queued;
      if (!page.more) return { day: page.day, queued };
      progress({ queued });
    }
  },
});

import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import { pause } from "../time/mod.ts";
import { defineJob } from "./define_job.ts";

/** What a batch left of an operation. */
interface Batch {
  readonly status: "queued" | "running" | "completed" | "cancelled" | "failed";
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** Runs that were looked at; 0 = somebody else was at it. */
  readonly worked: number;
}

/**
 * A batch holds the limits of its organization, which runs of it that end wait for: so it is short, and leaves them as
 * much time between two of them.
 */
const BATCH_SECONDS = 0.2;
const PAUSE_MS = 200;
/** Milliseconds to leave somebody else who is at it. */
const BUSY_MS = 1_000;
/** Milliseconds after which another job goes on, so that this one ends well before its time is up. */
const LONG_MS = 40_000;

/** Works off a bulk operation from the moment it is asked for; what it does not do, the clock does. */
export const runsBulk = defineJob({
  type: "runs.bulk",
  summary: "Does to runs what a bulk operation asks for, batch by batch.",
  payload: z.strictObject({ operation_id: z.uuid().meta({ description: "The bulk operation" }) }),
  keep: "failures",
  async run({ operation_id }, { env, signal, progress, organizationId }) {
    const db = adminClient(env);
    const engine = { schema: "engine", signal } as const;
    const args = { p_operation_id: operation_id, p_seconds: BATCH_SECONDS };
    for (const until = Date.now() + LONG_MS; Date.now() < until;) {
      const batch = await rpc<Batch | null>(db, "work_bulk_operation", args, engine);
      if (batch === null || !["queued", "running"].includes(batch.status)) return batch;
      progress({ total: batch.total, done: batch.done, failed: batch.failed });
      await pause(batch.worked === 0 ? BUSY_MS : PAUSE_MS, signal);
    }
    const next = {
      type: "runs.bulk",
      organization_id: organizationId,
      payload: { operation_id },
      unique_key: operation_id,
      max_attempts: 3,
    };
    const [goesOn] = await rpc<{ id: string }[]>(db, "enqueue_jobs", { p_jobs: [next] }, engine);
    return { goes_on_as: goesOn?.id ?? null };
  },
});

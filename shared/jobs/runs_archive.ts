import { z } from "zod";
import { archiveRuns } from "../archives/mod.ts";
import { RUN_ARCHIVES_BUCKET, serviceBlobStore } from "../blobs/mod.ts";
import { adminClient } from "../db/mod.ts";
import { defineJob } from "./define_job.ts";

/** The job that puts runs of an organization and week into Storage before they fall out of retention: an object a job. */
export const runsArchive = defineJob({
  type: "runs.archive",
  summary: "Puts the ended runs of an organization and week, with their steps, into Storage as compressed JSON lines.",
  payload: z.object({ organization_id: z.uuid(), week: z.iso.date() }),
  timeoutMs: 120_000,
  retry: { minMs: 60_000, maxMs: 21_600_000, factor: 4 },
  run: (payload, { env, signal }) =>
    archiveRuns(payload, {
      db: adminClient(env),
      store: serviceBlobStore(env, { bucket: RUN_ARCHIVES_BUCKET }),
      signal,
    }),
});

import { z } from "zod";
import { removeArchives } from "../archives/mod.ts";
import { RUN_ARCHIVES_BUCKET, serviceBlobStore } from "../blobs/mod.ts";
import { adminClient } from "../db/mod.ts";
import { defineJob } from "./define_job.ts";

/** The job of the system task `archive-weekly`. */
export const runsRemoveArchives = defineJob({
  type: "runs.remove_archives",
  summary: "Removes archives of runs that are older than their plan keeps.",
  payload: z.unknown(),
  timeoutMs: 120_000,
  maxAttempts: 5,
  run: (_payload, { env, signal }) =>
    removeArchives(adminClient(env), serviceBlobStore(env, { bucket: RUN_ARCHIVES_BUCKET }), signal),
});

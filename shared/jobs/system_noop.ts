import { z } from "zod";
import { defineJob } from "./define_job.ts";

/** Does nothing: what is measured with it is the queue. */
export const systemNoop = defineJob({
  type: "system.noop",
  summary: "Does nothing. For benchmarks, and to see whether the queue moves.",
  payload: z.unknown(),
  keep: "failures",
  run: () => null,
});

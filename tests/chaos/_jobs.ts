/**
 * The type of job that the scenarios enqueue: each posts once to the ledger, under its id.
 *
 * @module
 */
import { z } from "zod";
import type { JobRunner } from "../../shared/engine/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { createJobRunner, defineJob, JobRegistry } from "../../shared/jobs/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import type { Providers } from "../../shared/providers/mod.ts";

/** Its name. */
export const JOB_TYPE = "chaos.deliver";

/** Jobs of one customer go one after the other. */
const CUSTOMERS = 3;

/** The key of a job's effect. */
export function jobKey(jobId: string): string {
  return `job:${jobId}`;
}

/** Jobs for `engine.enqueue_jobs`: one at once, one under a concurrency key, one a little later. */
export function drawJobs(organizationId: string, ledgerPort: number, number: number) {
  const job = { type: JOB_TYPE, organization_id: organizationId, payload: { port: ledgerPort }, max_attempts: 20 };
  return [
    { ...job, priority: 50 },
    { ...job, concurrency_key: `customer-${number % CUSTOMERS}` },
    { ...job, delay_seconds: 1 },
  ];
}

/** What a worker runs them with. */
export function chaosJobs(providers: Providers): JobRunner {
  const deliver = defineJob({
    type: JOB_TYPE,
    summary: "Posts to the ledger",
    payload: z.object({ port: z.number() }),
    retry: { minMs: 100, maxMs: 1_000 },
    async run({ port }, { jobId, signal }) {
      const { status } = await providers.http.request({
        method: "POST",
        url: `http://127.0.0.1:${port}/job`,
        headers: { "idempotency-key": jobKey(jobId) },
        timeoutSeconds: 30,
        maxResponseBytes: 10_000,
        maxRedirects: 0,
        signal,
      });
      return { status };
    },
  });
  return createJobRunner({
    env: {} as Env,
    providers,
    log: createLog("chaos"),
    registry: new JobRegistry([[JOB_TYPE, () => Promise.resolve(deliver)]]),
  });
}

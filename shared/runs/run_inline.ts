import { getEngine } from "../engine/mod.ts";
import type { Env } from "../env/mod.ts";

/**
 * Runs in this isolate what is ready of a run, as the engine. If that fails or the isolate dies, the next tick gives
 * the run to a worker.
 *
 * @returns Settles when this isolate has nothing left to run: for `waitUntil`.
 */
export async function runInline(env: Env, runId: string): Promise<void> {
  const { client, inline } = getEngine(env);
  const { idle } = await inline.start(async (workerId) => ({
    jobs: await client.claimJobs(workerId, 10, "inline", runId),
  }));
  await idle;
}

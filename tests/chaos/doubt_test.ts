/**
 * A call that succeeds while its caller sees a time-out, and one that never arrives, at each call of a run: the run
 * finishes, nothing that was recorded is done again, nothing is lost, nothing is left.
 *
 * @module
 */
import { EngineClient, type EngineFunction, InlineRunner, Worker } from "../../shared/engine/mod.ts";
import { serviceUnavailable } from "../../shared/errors/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { assert, assertEquals, assertRejects } from "../helpers/assert.ts";
import { localProviders, readRun } from "../helpers/engine.ts";
import { type CallCounts, type FaultPoint, withFault } from "./_faults.ts";
import { assertFinished, connect, type Scene, withScene } from "./_scene.ts";

/** Runs what is due with one worker whose transport has a fault; gives how often each function was called. */
async function drainWithFault(scene: Scene, fault: FaultPoint | null): Promise<CallCounts> {
  const counts: CallCounts = {};
  const strike = () => {
    throw serviceUnavailable("The answer did not come");
  };
  const client = new EngineClient(withFault(await connect(scene.db), fault, strike, counts));
  try {
    const providers = localProviders(scene.port);
    const worker = new Worker({ client, providers, log: createLog("chaos"), kind: "worker" });
    await worker.drain({ idleMs: 300, pollMs: 10 });
  } finally {
    await client.close();
  }
  return counts;
}

Deno.test("no answer to a call of a run, whether it was made or not", () =>
  withScene(async (scene) => {
    const calm = await scene.begin();
    const { settle_jobs: settles = 0 } = await drainWithFault(scene, null);
    await assertFinished(scene, calm, 0, "no fault");
    assert(settles >= 6);
    const calls: [EngineFunction, number][] = [
      ["claim_jobs", 3],
      ["load_plans", 1],
      ["store_plan", 1],
      ["settle_jobs", settles],
      ["release_worker", 1],
    ];
    for (const [name, count] of calls) {
      for (let nth = 1; nth <= count; nth++) {
        for (const when of ["before", "after"] as const) {
          const runId = await scene.begin();
          await drainWithFault(scene, { name, nth, when });
          await scene.finish(runId);
          // A worker in doubt ends what it has begun: no effect is repeated.
          await assertFinished(scene, runId, 0, `no answer ${when} ${name} ${nth}`);
        }
      }
    }
  }));

Deno.test("no answer to the call of an inline start: the token is not kept by the next requests of the isolate", () =>
  withScene(async (scene) => {
    for (const when of ["before", "after"] as const) {
      const lost = await scene.begin();
      const kept = await scene.begin();
      const strike = () => {
        throw serviceUnavailable("The answer did not come");
      };
      const fault: FaultPoint = { name: "claim_jobs", nth: 1, when };
      const client = new EngineClient(withFault(await connect(scene.db), fault, strike));
      const providers = localProviders(scene.port);
      const inline = new InlineRunner({ client, providers, log: createLog("chaos") });
      const start = (runId: string) =>
        inline.start(async (id) => ({ jobs: await client.claimJobs(id, 10, "inline", runId) }));
      await assertRejects(() => start(lost));
      const { idle } = await start(kept);
      const holders = await scene.db.sql`select distinct worker_id from public.job_queue where worker_id is not null`;
      assertEquals(holders.length, when === "after" ? 2 : 1, "two workers, so that the lease in doubt can lapse");
      await idle;
      await scene.finish(kept);
      await scene.finish(lost);
      for (const runId of [kept, lost]) await assertFinished(scene, runId, 0, `inline start, no answer ${when}`);
      assertEquals((await readRun(scene.db, lost)).run.status, "completed");
      await client.close();
    }
  }));

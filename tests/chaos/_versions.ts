/**
 * Workers of two releases at once, on the same runs.
 *
 * @module
 */
import { judge } from "./_judge.ts";
import { LINE } from "./_line.ts";
import { keepStarting } from "./_migrations.ts";
import { type NextWorker, pause } from "./_platform.ts";
import type { Scenario } from "./_scenario.ts";
import { openWorld, type World } from "./_world.ts";

const LIMIT_MS = 120_000;

/** See the module. */
export const versions: Scenario = {
  name: "version",
  about: "workers of two releases at once",
  async run({ postgres, random, short }) {
    const world = await openWorld(postgres, { work: LINE });
    try {
      const { platform } = world;
      const old = previousWorker();
      let turn = 0;
      platform.next = () => turn++ % 2 === 0 ? old : {};
      const end = new AbortController();
      const load = keepStarting(world, end.signal);
      let taken = 0;
      for (let round = 0; round < (short ? 1 : 5); round++) {
        const both = [platform.start(old), platform.start({ command: { budgetMs: 6_000 } }), platform.start(old)];
        await pause(2_000 + random.below(1_500));
        // The one that dies may be of either release: the other goes on from what it has recorded.
        both[round % 2]!.signal("SIGKILL");
        taken++;
        await pause(500);
      }
      // For a while there are old ones only: as between a migration and the deployment of the functions.
      platform.next = () => old;
      await onlyOld(world, old, short ? 3_000 : 10_000);
      platform.next = () => ({});
      end.abort();
      await load;
      await world.allEnded(LIMIT_MS);
      const byOld = platform.ended.filter(({ program }) => program === old.program);
      const settled = byOld.reduce((sum, { report }) => sum + (report?.report.settled ?? 0), 0);
      const stalled = byOld.reduce((sum, { report }) => sum + (report?.logged?.["engine.plans_failed"] ?? 0), 0);
      const faults = settled === 0 ? ["The old workers have done nothing"] : [];
      if (stalled > 0) faults.push(`Old workers gave all their work back ${stalled} times`);
      return await judge(world, {
        scenario: versions.about,
        injected: `${byOld.length} old workers, which had ${settled} settles accepted; ${taken} kills`,
        resumedMs: null,
        faults,
      });
    } finally {
      await world.close();
    }
  },
};

async function onlyOld({ platform, start }: World, old: NextWorker, ms: number): Promise<void> {
  await platform.quiet(15_000);
  const until = performance.now() + ms;
  while (performance.now() < until) {
    if (platform.living.size === 0) platform.start(old);
    await start(1);
    await pause(100);
  }
}

/**
 * The worker of the release before. With `CHAOS_PREVIOUS`, the folder of a checkout of an earlier commit, it is the real one
 * of that commit.
 */
function previousWorker(): NextWorker {
  const folder = Deno.env.get("CHAOS_PREVIOUS");
  const program = folder === undefined
    ? new URL("./_previous_worker.ts", import.meta.url).pathname
    : `${folder}/tests/chaos/_worker.ts`;
  return { program, ...(folder !== undefined && { folder }), command: { budgetMs: 6_000 } };
}

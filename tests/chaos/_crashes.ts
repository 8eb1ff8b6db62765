/**
 * `kill -9` of Postgres under load, fsync on, and its restart on the same data and port.
 *
 * @module
 */
import { firstSettleAfter, resumption, wentOn } from "./_audit.ts";
import { judge } from "./_judge.ts";
import { pause } from "./_platform.ts";
import type { Scenario } from "./_scenario.ts";
import { openWorld } from "./_world.ts";

const LIMIT_MS = 180_000;

/** See the module. */
export const crashes: Scenario = {
  name: "crash",
  about: "kill -9 of Postgres under load, fsync on",
  async run({ postgres, random, short }) {
    const world = await openWorld(postgres);
    try {
      const rounds = short ? 1 : 4;
      const killedAt: number[] = [];
      const backAt: number[] = [];
      for (let round = 0; round < rounds; round++) {
        // Starts go on meanwhile: those that nobody confirms count as not made.
        let more = true;
        const load = (async () => {
          while (more) await world.start(1).then(() => pause(40));
        })();
        await pause(2_000 + random.below(1_500));
        killedAt.push(Date.now());
        await postgres.kill();
        await pause(random.below(3_000));
        await postgres.restart();
        backAt.push(Date.now());
        await pause(500);
        more = false;
        await load;
        await pause(random.below(4_000));
      }
      await world.allEnded(LIMIT_MS);
      const { held, longestMs } = await resumption(world.db, ...backAt.map((at) => ({ at })));
      let survivors = 0;
      for (const [round, at] of backAt.entries()) survivors += await wentOn(world.db, killedAt[round]!, at);
      const last = await firstSettleAfter(world.db, backAt.at(-1)!) ?? 0;
      return await judge(world, {
        scenario: crashes.about,
        injected:
          `${rounds} crashes, ${held} leases held, ${world.refused} starts not confirmed, ${survivors} workers went on`,
        resumedMs: Math.max(longestMs, last),
      });
    } finally {
      await world.close();
    }
  },
};
